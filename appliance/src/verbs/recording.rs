use super::named;
use crate::desk::Desk;
use crate::record::{Recordings, Wish};
use call::CallNumber;
use ng::request::{Flag, options};
use ng::{Reply, Request};

/// `start recording`: begins, or goes on after a pause.
pub(super) fn start(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let number = known(desk, request)?;
    let refused = Recordings::begin(desk, number, wish(request));
    Ok(with_warning(Reply::ok(), refused))
}

/// `stop recording`, which pauses with `pause`.
pub(super) fn stop(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let number = known(desk, request)?;
    if request.has(Flag::Pause) {
        Recordings::pause(desk, number);
    } else {
        Recordings::end(desk, number, request.has(Flag::DiscardRecording));
    }
    Ok(Reply::ok())
}

/// `pause recording`.
pub(super) fn pause(desk: &mut Desk, request: &Request<'_>) -> Result<Reply, Reply> {
    let number = known(desk, request)?;
    Recordings::pause(desk, number);
    Ok(Reply::ok())
}

/// Does what an offer or answer says of recording. `None` when its call is not there yet, else what is not done. A pause
/// is ended by nothing but `start recording`.
pub(super) fn asked(desk: &mut Desk, request: &Request<'_>) -> Option<Option<String>> {
    let flag = request.has(Flag::RecordCall).then_some(options::RecordCall::On);
    let Some(said) = flag.or(request.recording.call) else { return Some(None) };
    let number = desk.book.number(request.call_id.as_deref()?)?;
    let mut refused = None;
    match said {
        options::RecordCall::On => {
            if desk.recordings.of(number).is_none() {
                refused = Recordings::begin(desk, number, wish(request));
            }
        }
        options::RecordCall::Off => Recordings::end(desk, number, false),
        options::RecordCall::Discard => Recordings::end(desk, number, true),
    }
    Some(refused)
}

/// Notes the SDP that is sent; the file of the call's recording, if there is one.
pub(super) fn note(desk: &mut Desk, call_id: &[u8], is_offer: bool, sdp: &[u8]) -> Option<String> {
    let number = desk.book.number(call_id)?;
    desk.recordings.note_sdp(number, is_offer, sdp);
    desk.recordings.of(number).map(|recording| recording.path().to_owned())
}

/// The call that is meant. Free text that came along is kept, with the call and with whom it came from.
fn known(desk: &mut Desk, request: &Request<'_>) -> Result<CallNumber, Reply> {
    let call_id = request.need_call_id()?;
    let number = desk.book.number(call_id).ok_or_else(|| Reply::error("Unknown call-id"))?;
    if let Some(text) = named(&request.recording.metadata) {
        let now = desk.clock.stamp();
        let (book, mut outside) = desk.book_and_outside(now);
        book.note(number, request.from_tag.as_deref(), text, &mut outside);
    }
    Ok(number)
}

fn wish<'a>(request: &'a Request<'_>) -> Wish<'a> {
    let said = &request.recording;
    Wish {
        file: said.file.as_deref().or(said.path.as_deref()),
        folder: said.dir.as_deref(),
        pattern: said.pattern.as_deref(),
    }
}

fn with_warning(reply: Reply, text: Option<String>) -> Reply {
    match text {
        Some(text) => reply.with_warning(text),
        None => reply,
    }
}
