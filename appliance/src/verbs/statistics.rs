use crate::desk::Desk;
use ng::{Reply, Request};

/// `statistics`.
pub(super) fn statistics(desk: &mut Desk) -> Reply {
    Reply::ok().with("statistics", ng::Value::Dict(crate::export::statistics(desk)))
}

/// `cli`: a line for the command line interface, over ng.
pub(super) fn cli(desk: &mut Desk, request: &Request<'_>) -> Reply {
    match &request.body {
        Some(line) => Reply::ok().with("response", crate::cli::answer(desk, line)),
        None => ng::Error::NoBody.into(),
    }
}
