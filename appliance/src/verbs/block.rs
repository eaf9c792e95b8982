use crate::desk::Desk;
use call::{Bar, BlockScope, Receiver, Sender};
use ng::request::Flag;
use ng::request::options::All;
use ng::{Reply, Request};

/// `block media`, `silence media`, and their opposites.
pub(super) fn block(desk: &mut Desk, request: &Request<'_>, what: (Bar, bool)) -> Result<Reply, Reply> {
    let call_id = request.need_call_id()?;
    if desk.book.number(call_id).is_none() {
        return Err(Reply::error(call::Block::UnknownCall.to_string()));
    }
    let scope = scope(request)?;
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    let result = book.block(call_id, scope, what, &mut outside);
    desk.flush();
    result.map(|_| Reply::ok()).map_err(|refusal| Reply::error(refusal.to_string()))
}

fn scope<'a>(request: &'a Request<'_>) -> Result<BlockScope<'a>, Reply> {
    let parties = &request.parties;
    if parties.all == Some(All::All) || request.has(Flag::All) {
        return Ok(BlockScope::Everything);
    }
    let sender = if let Some(text) = &parties.address {
        let addr = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        Sender::Address(addr.ok_or_else(|| Reply::error("Failed to parse network address"))?)
    } else if let Some(label) = &parties.label {
        Sender::Label(label)
    } else {
        match &request.from_tag {
            Some(tag) if request.has(Flag::Directional) => Sender::Tag(tag),
            // Without `directional` the tag only says who asks.
            _ => return Ok(BlockScope::Call),
        }
    };
    let receiver = match (super::named(&request.to_tag), super::named(&parties.to_label), parties.all) {
        (Some(tag), ..) => Receiver::Tag(tag),
        (None, Some(label), _) => Receiver::Label(label),
        (None, None, Some(All::OfferAnswer | All::Flows)) => Receiver::Everybody,
        (None, None, _) => Receiver::Anybody,
    };
    Ok(BlockScope::Sent(sender, receiver))
}
