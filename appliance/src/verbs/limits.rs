use crate::cli::Drain;
use crate::desk::Desk;
use ng::request::Flag;
use ng::{Reply, Request};

/// Why a new call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Sessions,
    Cpu,
    Load,
    Bandwidth,
    /// The daemon is to be stopped.
    Drain,
}

impl Limit {
    /// The text that proxies match on, letter by letter.
    fn text(self) -> &'static str {
        match self {
            Limit::Sessions => "Parallel session limit reached",
            Limit::Cpu => "CPU usage limit exceeded",
            Limit::Load => "Load limit exceeded",
            Limit::Bandwidth => "Bandwidth limit exceeded",
            Limit::Drain => "Draining",
        }
    }
}

/// Lets a new call in, or says why not.
pub(super) fn admit(desk: &mut Desk, request: &Request<'_>) -> Result<(), Reply> {
    let limit = if desk.console.drain != Drain::Off {
        Some(Limit::Drain)
    } else if desk.book.is_full() {
        Some(Limit::Sessions)
    } else {
        match desk.strain.over() {
            None => None,
            Some(crate::desk::Strain::CPU) => Some(Limit::Cpu),
            Some(crate::desk::Strain::LOAD) => Some(Limit::Load),
            Some(_) => Some(Limit::Bandwidth),
        }
    };
    match limit {
        Some(limit) => Err(full(desk, request, limit)),
        None => Ok(()),
    }
}

/// `load limit` for clients that can be told so, else the error that makes the others try the next node.
pub(super) fn full(desk: &mut Desk, request: &Request<'_>, limit: Limit) -> Reply {
    desk.tally.rejected += 1;
    tracing::warn!(call_id = &*request.shown_call_id(), "new call refused: {}", limit.text());
    if request.supports_load_limit() {
        Reply::load_limit(limit.text())
    } else {
        Reply::error(Limit::Sessions.text())
    }
}

/// What the client asked for that this build cannot do, for the `warning` of the reply; empty when there is nothing.
pub(super) fn not_available(request: &Request<'_>) -> String {
    let codecs = &request.codecs;
    let asked = [
        (!codecs.transcode.is_empty(), "transcoding"),
        (request.has(Flag::ForceTranscoding), "transcoding"),
        (request.has(Flag::RecordingAnnouncement), "announcement of recordings"),
        (request.has(Flag::RecordingVsc), "recording steered by digits"),
        (request.has(Flag::InjectDtmf) || request.has(Flag::DetectDtmf), "DTMF processing"),
        (request.path.media_echo.is_some(), "media-echo"),
        (request.music.is_some(), "music on hold"),
    ];
    let mut names: Vec<&str> = asked.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
    names.dedup();
    if names.is_empty() {
        String::new()
    } else {
        format!("not available in this build: {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::not_available;
    use ng::{Dict, Request};

    fn told(key: &'static str, value: &'static str) -> String {
        let dict = Dict::new().with("command", "offer").with(key, value);
        not_available(&Request::parse_with(&dict, |_| None::<&str>).unwrap())
    }

    #[test]
    fn a_client_that_wants_what_is_not_there_is_told() {
        assert_eq!(told("media-echo", "both"), "not available in this build: media-echo");
        assert_eq!(told("drop-traffic", "start"), "");
    }
}
