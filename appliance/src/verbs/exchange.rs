use super::{limits, options, recording};
use crate::desk::Desk;
use call::{Fragment, Intent, Outside, PortError, Refusal};
use ng::request::Flag;
use ng::{Reply, Request, Value};
use std::net::SocketAddr;

/// `offer`.
pub(super) fn offer(desk: &mut Desk, request: &Request<'_>, from: SocketAddr) -> Result<Reply, Reply> {
    let sdp = request.need_sdp()?;
    let call_id = request.need_call_id()?;
    let from_tag = request.need_from_tag()?;
    if request.has(Flag::Fragment) {
        return fragment(desk, request, sdp, call_id, from_tag);
    }
    if desk.book.number(call_id).is_none() {
        limits::admit(desk, request)?;
    }
    exchange(
        (desk, from),
        request,
        sdp,
        (call_id, from_tag, request.to_tag.as_deref()),
        (true, |book, intent, outside| book.offer(intent, outside)),
    )
}

/// `answer`.
pub(super) fn answer(desk: &mut Desk, request: &Request<'_>, from: SocketAddr) -> Result<Reply, Reply> {
    let sdp = request.need_sdp()?;
    let call_id = request.need_call_id()?;
    let from_tag = request.need_from_tag()?;
    let to_tag = request.need_to_tag()?;
    if request.has(Flag::Fragment) {
        return fragment(desk, request, sdp, call_id, to_tag);
    }
    exchange(
        (desk, from),
        request,
        sdp,
        (call_id, from_tag, Some(to_tag)),
        (false, |book, intent, outside| book.answer(intent, outside)),
    )
}

/// Candidates trickled in an INFO (RFC 8840); nothing is to be sent on, since they are for us.
fn fragment(
    desk: &mut Desk,
    request: &Request<'_>,
    sdp: &[u8],
    call_id: &[u8],
    tag: &[u8],
) -> Result<Reply, Reply> {
    let session = sdp::Session::parse_fragment(sdp).map_err(|error| {
        tracing::warn!(call_id = &*request.shown_call_id(), %error, "SDP fragment refused");
        Reply::error(error.ng_text())
    })?;
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    book.fragment(&Fragment { call_id, tag, sdp: &session }, &mut outside);
    desk.flush();
    Ok(Reply::ok())
}

fn exchange(
    (desk, from): (&mut Desk, SocketAddr),
    request: &Request<'_>,
    sdp: &[u8],
    (call_id, from_tag, to_tag): (&[u8], &[u8], Option<&[u8]>),
    (is_offer, apply): (
        bool,
        impl Fn(&mut call::Book, &Intent<'_>, &mut Outside<'_>) -> Result<Vec<u8>, Refusal>,
    ),
) -> Result<Reply, Reply> {
    let session = sdp::Session::parse(sdp).map_err(|error| {
        tracing::warn!(call_id = &*request.shown_call_id(), %error, "SDP refused");
        let reply = Reply::error(error.ng_text());
        if error.replies_with_empty_sdp() { reply.with("sdp", "") } else { reply }
    })?;
    let options = options::of(request);
    if options.loop_protect && session.loop_marks().any(|mark| mark == desk.book.settings().instance.as_str())
    {
        return Ok(Reply::ok().with("sdp", sdp.to_vec()));
    }
    let intent = Intent {
        call_id,
        from_tag,
        to_tag,
        via_branch: request.via_branch.as_deref(),
        label: request.parties.label.as_deref(),
        sdp: &session,
        options,
    };
    // Before keys are agreed on: those of a call that is recorded do not pass unread.
    let mut said = recording::asked(desk, request);
    let known = said.is_some();
    let now = desk.clock.stamp();
    let (book, mut outside) = desk.book_and_outside(now);
    let mut result = apply(book, &intent, &mut outside);
    if let Some(call) = desk.book.find(call_id) {
        desk.console.note_proxy(call, from);
    }
    desk.flush();
    // Also when the ports that are left are held by others: those of a call that has just ended come back in a moment.
    let lacking =
        matches!(result, Err(Refusal::Ports(PortError::Exhausted { .. } | PortError::BindFailed { .. })));
    if lacking && desk.await_withdrawals() {
        let (book, mut outside) = desk.book_and_outside(now);
        result = apply(book, &intent, &mut outside);
        desk.flush();
    }
    if request.has(Flag::PierceNat) {
        desk.pierce(call_id);
    }
    let body = result.map_err(|refusal| refuse(desk, request, &refusal))?;
    if !known {
        said = recording::asked(desk, request);
    }
    let path = recording::note(desk, call_id, is_offer, &body);
    let mut reply = Reply::ok().with("sdp", body);
    if let Some(path) = path {
        reply = reply.with("recordings", Value::List(vec![Value::from(path)]));
    }
    let missing = limits::not_available(request);
    let warnings: Vec<String> =
        [Some(missing), said.flatten()].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    Ok(if warnings.is_empty() { reply } else { reply.with_warning(warnings.join("; ")) })
}

/// The text that proxies match on, what an operator needs in the log, and the same for the client as a message.
fn refuse(desk: &mut Desk, request: &Request<'_>, refusal: &Refusal) -> Reply {
    let detail = match refusal {
        Refusal::SessionLimit => return limits::full(desk, request, limits::Limit::Sessions),
        Refusal::Ports(PortError::Exhausted { addr }) => {
            format!("all ports of {addr} are in use by calls: widen its port range or add an address")
        }
        Refusal::Ports(PortError::BindFailed { addr, why }) => {
            format!("ports of {addr} are free but cannot be bound: {why}")
        }
        Refusal::Ports(PortError::DescriptorLimit { limit }) => {
            format!("the process may open {limit} descriptors and has them all: raise LimitNOFILE")
        }
        other => {
            tracing::warn!(call_id = &*request.shown_call_id(), "{}: {other}", request.command.as_str());
            let reply = Reply::error(other.to_string());
            return if matches!(other, Refusal::NothingLeft) { reply.with("sdp", "") } else { reply };
        }
    };
    tracing::error!(call_id = &*request.shown_call_id(), "{refusal}: {detail}");
    Reply::error(refusal.to_string()).with("message", detail)
}
