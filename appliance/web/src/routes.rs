use crate::access::Tokens;
use crate::door::{Door, Unanswered, What};
use crate::{grpc, ws};
use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{DefaultBodyLimit, Extension, Path, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::Arc;

/// Longest body, in bytes. SDP bodies of 64 KiB must pass.
pub(crate) const MAX_BODY: usize = 256 * 1024;
const NG: &str = "application/x-rtpengine-ng";
const JSON: &str = "application/json";
const GRPC: &[u8] = b"application/grpc";
const TEXT: &str = "text/plain";

/// Both ends of a connection: the client, then us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends(pub(crate) SocketAddr, pub(crate) SocketAddr);

/// All paths. Those behind [`guard`] are for clients with a token, if there are tokens.
pub(crate) fn routes(door: Door, tokens: Option<Arc<Tokens>>) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(metrics))
        .route("/cli", post(line))
        .route("/cli/{*line}", get(line_in_path))
        .route("/ng", post(ng))
        .route("/ng-plain", post(plain))
        .merge(grpc::routes(door.clone()))
        .fallback(other)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(door)
        .layer(from_fn_with_state(tokens, guard));
    Router::new().route("/ping", get(|| async { ([(CONTENT_TYPE, TEXT)], "pong\n") })).merge(guarded)
}

async fn guard(State(tokens): State<Option<Arc<Tokens>>>, request: Request, next: Next) -> Response {
    let said = request.headers().get(AUTHORIZATION).map(|value| value.as_bytes());
    if tokens.is_none_or(|tokens| tokens.admit(said)) {
        return next.run(request).await;
    }
    if request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(GRPC)) {
        return grpc::unauthenticated();
    }
    let say = [(CONTENT_TYPE, TEXT), (WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, say, "a token is needed\n").into_response()
}

async fn metrics(State(door): State<Door>, Extension(Ends(remote, local)): Extension<Ends>) -> Response {
    reply(TEXT, door.ask(What::Metrics, (remote, local)).await)
}

async fn line_in_path(
    State(door): State<Door>,
    Extension(Ends(remote, local)): Extension<Ends>,
    Path(line): Path<String>,
) -> Response {
    reply(TEXT, door.ask(What::Line(line.replace('+', " ")), (remote, local)).await)
}

async fn line(
    State(door): State<Door>,
    Extension(Ends(remote, local)): Extension<Ends>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if !is(&headers, &[TEXT]) {
        return unsupported(TEXT);
    }
    reply(TEXT, door.ask(What::Line(body.trim().to_owned()), (remote, local)).await)
}

async fn ng(
    State(door): State<Door>,
    Extension(Ends(remote, local)): Extension<Ends>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // Asked for so that a form of some other page is none.
    if !is(&headers, &[NG]) {
        return unsupported(NG);
    }
    reply(NG, door.ask(What::Ng(body.into()), (remote, local)).await)
}

async fn plain(
    State(door): State<Door>,
    Extension(Ends(remote, local)): Extension<Ends>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is(&headers, &[NG, JSON]) {
        return unsupported("application/x-rtpengine-ng or application/json");
    }
    let kind = if is(&headers, &[JSON]) { JSON } else { NG };
    reply(kind, door.ask(What::Plain(body.into()), (remote, local)).await)
}

/// Any other path: a WebSocket, or nothing.
async fn other(
    State(door): State<Door>,
    Extension(ends): Extension<Ends>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return (StatusCode::NOT_FOUND, [(CONTENT_TYPE, TEXT)], "not found\n").into_response();
    };
    if !is_same_origin(&headers) {
        return (StatusCode::FORBIDDEN, "the page is of another origin\n").into_response();
    }
    ws::begin(upgrade, door, ends)
}

fn is(headers: &HeaderMap, kinds: &[&str]) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim();
    kinds.iter().any(|kind| said.eq_ignore_ascii_case(kind))
}

/// Clients that are no browsers send no `Origin`.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(HOST)
}

fn unsupported(wanted: &str) -> Response {
    let say = format!("the Content-Type must be {wanted}\n");
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, [(CONTENT_TYPE, TEXT)], say).into_response()
}

fn reply(kind: &'static str, answer: Result<Vec<u8>, Unanswered>) -> Response {
    let (status, say) = match answer {
        Ok(bytes) => return ([(CONTENT_TYPE, kind)], bytes).into_response(),
        Err(Unanswered::Senseless) => (StatusCode::BAD_REQUEST, "this is no ng message\n"),
        Err(Unanswered::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting\n"),
        Err(Unanswered::Silent) => (StatusCode::GATEWAY_TIMEOUT, "no answer in time\n"),
    };
    (status, [(CONTENT_TYPE, TEXT)], say).into_response()
}
