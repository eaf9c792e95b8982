//! Control over HTTP and WebSocket, in a thread of its own with a runtime of its own, far from media.
//!
//! Who calls what, and when:
//!
//! * At the start, [`Server::start`] binds the addresses and begins to serve. What is asked comes out of the
//!   [`Receiver`](std::sync::mpsc::Receiver) it returns; `call` is called each time, to wake whoever reads it.
//! * For each [`Question`]: look at [`Question::what`], find the answer, [`Question::answer`]. A question that is dropped
//!   is answered with an error.
//! * When the [`Server`] is dropped, the addresses are closed and the thread ends.
//!
//! | path | method | answer |
//! |---|---|---|
//! | `/ping` | GET | `pong` |
//! | `/metrics` | GET | Prometheus text |
//! | `/cli/LINE` | GET | what the text interface prints; blanks as `%20` or `+` |
//! | `/cli` | POST, `text/plain` | the same, the line is the body |
//! | `/ng` | POST, `application/x-rtpengine-ng` | an ng message with its cookie |
//! | `/ng-plain` | POST, the same or `application/json` | an ng message without cookie |
//! | any | WebSocket | by subprotocol `ng.rtpengine.com`, `ng-plain.rtpengine.com`, `cli.rtpengine.com`, `echo.rtpengine.com` |
//!
//! | `/rtpengine.v1.Rtpengine/…` | gRPC (HTTP/2) | the ng commands as typed messages, `proto/rtpengine.proto` |
//!
//! HTTP/1.1 and HTTP/2 on every address, over TLS on those of [`Options::secure`], with a certificate of the client where
//! [`Tls::client_ca`] asks for one. With [`Options::tokens`], whatever is asked but `/ping` needs
//! `Authorization: Bearer TOKEN`.
//!
//! No page of another origin may use it: no CORS header is sent, and a WebSocket whose `Origin` is not the host it asks is
//! refused. What a message means is not known here.
#![forbid(unsafe_code)]

mod access;
mod door;
mod grpc;
mod listen;
mod routes;
mod server;
#[cfg(test)]
mod tests;
mod tls;
mod ws;

pub use access::Tokens;
pub use door::{Question, What};
pub use server::{Error, Options, Server};
pub use tls::Tls;
