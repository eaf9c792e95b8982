//! The ng commands as typed messages: from a message to an ng request in JSON, and back.

mod service;
mod translate;

/// What the proto file says.
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    dead_code,
    clippy::all,
    reason = "this is generated"
)]
pub(crate) mod api {
    tonic::include_proto!("rtpengine.v1");
}

pub(crate) use service::{routes, unauthenticated};
