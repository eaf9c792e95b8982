use super::query::render;
use crate::desk::Desk;
use crate::record::Recordings;
use call::{Delete, Doomed, EndReason, Scope};
use flow::Micros;
use ng::request::Flag;
use ng::{Reply, Request};

const NOT_FOUND: &str = "Call-ID not found or tags didn't match";

/// `delete`.
pub(super) fn delete(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let call_id = request.need_call_id()?;
    let from_tag = request.from_tag.as_deref();
    let wanted = Delete {
        call_id,
        from_tag,
        to_tag: request.to_tag.as_deref().filter(|_| request.has(Flag::ToTag)),
        via_branch: request.via_branch.as_deref(),
        delay: request.delete_delay.and_then(|secs| u64::try_from(secs).ok()).map(Micros::from_secs),
    };
    let now = desk.clock.now();
    let Some(doomed) = desk.book.doom(&wanted, now) else {
        let fatal = request.has(Flag::Fatal);
        return if fatal { Err(Reply::error(NOT_FOUND)) } else { Ok(Reply::ok().with_warning(NOT_FOUND)) };
    };
    let scope = match doomed {
        Doomed::Call(..) => Scope::default(),
        Doomed::Party(..) => Scope { from_tag: wanted.from_tag, to_tag: wanted.to_tag },
    };
    // A call that is deleted as a whole, without naming a party, is reported with its ports still open.
    let over = doomed.at() <= now;
    let Some(call) = desk.book.get(doomed.number()) else { return Ok(Reply::ok()) };
    let (worker, keys) = (call.worker(), call.flow_keys());
    if over && (wanted.from_tag.is_some() || matches!(doomed, Doomed::Party(..))) {
        let now = desk.clock.stamp();
        let (book, mut outside) = desk.book_and_outside(now);
        book.carry_out(doomed, &mut outside);
    }
    if matches!(doomed, Doomed::Call(..)) && request.has(Flag::DiscardRecording) {
        Recordings::end(desk, doomed.number(), true);
    }
    // The worker copies the counters before it closes anything.
    let snapshots = desk.flush_asking(worker, &keys);
    let reply = if request.has(Flag::Fast) {
        Reply::ok()
    } else {
        desk.book.get(doomed.number()).map_or_else(Reply::ok, |call| render(desk, call, scope, &snapshots))
    };
    if let Doomed::Call(number, _) = doomed
        && over
    {
        desk.end(number, EndReason::Terminated, &snapshots);
    }
    Ok(reply)
}
