use crate::desk::Desk;
use call::BlockScope;
use ng::request::Flag;
use ng::{Reply, Request};

/// `block media` and `unblock media`.
pub(super) fn block(desk: &mut Desk, request: &Request<'_>, on: bool) -> Result<Reply, Reply> {
    let call_id = request.need_call_id()?;
    let scope = if let Some(addr) = request.parties.address {
        BlockScope::Address(addr)
    } else if let Some(label) = &request.parties.label {
        BlockScope::Label(label)
    } else {
        match &request.from_tag {
            Some(tag) if request.has(Flag::Directional) => BlockScope::Tag(tag),
            // Without `directional` the tag only says who asks.
            _ => BlockScope::Call,
        }
    };
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    let result = book.block(call_id, scope, on, &mut outside);
    desk.flush();
    result.map(|_| Reply::ok()).map_err(|refusal| Reply::error(refusal.to_string()))
}
