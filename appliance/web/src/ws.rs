use crate::door::{Door, What};
use crate::routes::{Ends, MAX_BODY};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;

/// Subprotocols, as rtpengine names them.
const PROTOCOLS: [&str; 4] =
    ["ng.rtpengine.com", "ng-plain.rtpengine.com", "cli.rtpengine.com", "echo.rtpengine.com"];

/// Becomes a WebSocket of the subprotocol that the client asked for; without one we know it is closed at once.
pub(crate) fn begin(upgrade: WebSocketUpgrade, door: Door, ends: Ends) -> Response {
    upgrade
        .max_message_size(MAX_BODY)
        .max_frame_size(MAX_BODY)
        .protocols(PROTOCOLS)
        .on_upgrade(move |socket| talk(socket, door, ends))
}

/// One message in, one message out, of the same kind, until the client leaves.
async fn talk(mut socket: WebSocket, door: Door, Ends(remote, local): Ends) {
    let protocol = socket.protocol().and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned();
    while let Some(Ok(message)) = socket.recv().await {
        let (text, bytes) = match message {
            Message::Text(text) => (true, text.as_bytes().to_vec()),
            Message::Binary(bytes) => (false, bytes.to_vec()),
            // Pings are answered below us.
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => break,
        };
        let what = match protocol.as_str() {
            "ng.rtpengine.com" => What::Ng(bytes),
            "ng-plain.rtpengine.com" => What::Plain(bytes),
            "cli.rtpengine.com" => What::Line(String::from_utf8_lossy(&bytes).trim().to_owned()),
            "echo.rtpengine.com" => {
                if send(&mut socket, text, bytes).await {
                    continue;
                }
                break;
            }
            _ => break,
        };
        let Ok(answer) = door.ask(what, (remote, local)).await else { continue };
        if !send(&mut socket, text, answer).await {
            break;
        }
    }
}

/// False when the client has gone.
async fn send(socket: &mut WebSocket, text: bool, bytes: Vec<u8>) -> bool {
    let message = match String::from_utf8(bytes) {
        Ok(said) if text => Message::Text(said.into()),
        Ok(said) => Message::Binary(said.into_bytes().into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    };
    socket.send(message).await.is_ok()
}
