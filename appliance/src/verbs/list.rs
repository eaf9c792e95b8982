use crate::desk::Desk;
use ng::{Reply, Request, Value};

/// Calls listed when the client does not say how many.
const DEFAULT_LIMIT: i64 = 32;

/// `list`.
pub(super) fn list(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
    let limit = usize::try_from(limit).map_err(|_| Reply::error("invalid limit, must be >= 0"))?;
    let calls: Vec<Value<'static>> =
        desk.book.iter().take(limit).map(|call| Value::Bytes(call.id().to_vec().into())).collect();
    Ok(Reply::ok().with("calls", Value::List(calls)))
}
