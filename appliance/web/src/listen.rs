use crate::routes::Ends;
use crate::tls::Certificates;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

/// Longest TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Wait after a connection could not be taken, most often for want of descriptors.
const BREATH: Duration = Duration::from_millis(100);
/// Streams of one HTTP/2 connection that may be open at a time.
const STREAMS: u32 = 64;
/// How often an HTTP/2 connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// What all listeners share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) routes: Router,
    /// Connections that may still be taken, over all listeners.
    pub(crate) room: Arc<Semaphore>,
    /// How long a connection may say nothing.
    pub(crate) idle: Duration,
}

/// Serves one address for good: over TLS if there are certificates.
pub(crate) async fn serve(listener: TcpListener, certificates: Option<Arc<Certificates>>, shared: Shared) {
    loop {
        let Ok(room) = Arc::clone(&shared.room).acquire_owned().await else { return };
        let Ok((stream, remote)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        // A connection that is accepted has an address here; if it is gone already, nobody reads this.
        let ends = Ends(remote, stream.local_addr().unwrap_or(remote));
        let (certificates, shared) = (certificates.clone(), shared.clone());
        tokio::spawn(async move {
            let _room = room;
            // Answers are small and are waited for.
            let _ = stream.set_nodelay(true);
            match certificates {
                None => talk(stream, ends, &shared).await,
                Some(certificates) => secured(stream, ends, &certificates, &shared).await,
            }
        });
    }
}

async fn secured(stream: TcpStream, ends: Ends, certificates: &Certificates, shared: &Shared) {
    let acceptor = TlsAcceptor::from(certificates.current());
    // Who speaks no TLS, or has no certificate of ours to show, is not answered.
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        talk(stream, ends, shared).await;
    }
}

/// HTTP/1.1 or HTTP/2, as the client begins.
async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, ends: Ends, shared: &Shared) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(shared.idle);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(HANDSHAKE);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(ends);
        shared.routes.clone().call(request.map(Body::new))
    });
    // How a connection ends is the client's business.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
