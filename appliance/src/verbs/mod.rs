//! One file per ng command: request → call action → reply. Only here ng spellings meet the call model.

mod block;
mod delete;
mod exchange;
mod limits;
mod list;
mod opinions;
mod options;
mod query;
mod recording;
mod security;
mod statistics;

pub use query::render_call;

use crate::control::Answer;
use crate::desk::{Asker, Desk};
use call::Bar;
use ng::{Command, Reply, Request};
use std::net::SocketAddr;

/// Carries a request out. `from` is the client's address, for the statistics.
pub fn carry_out(desk: &mut Desk, dict: &ng::Dict<'_>, from: SocketAddr) -> Answer {
    let started = desk.clock.now();
    let templates = desk.templates.clone();
    let request = match Request::parse_with(dict, |name| templates.get(name).map(String::as_str)) {
        Ok(request) => request,
        Err(error) => {
            desk.tally.control.error(from);
            tracing::warn!(%from, %error, "request refused");
            return Reply::from(error).into();
        }
    };
    if depends_on_endings(desk, &request) {
        settle(desk);
    }
    let answer = if request.command == Command::Delete {
        delete::delete(desk, &request, Asker { from, at: started })
    } else {
        Answer::Now(dispatch(desk, &request, from))
    };
    note_debugged(desk, request.call_id.as_deref(), "request", || dict.reborrow());
    if let Answer::Now(reply) = &answer {
        note_debugged(desk, request.call_id.as_deref(), "reply", || reply.body().tree());
        let took = desk.clock.now().since(started);
        desk.tally.control.command(from, request.command, took, reply.outcome() == ng::Outcome::Error);
    }
    note_unknown(&request, from);
    answer
}

/// What comes of the deletions that have been answered since.
pub fn settle(desk: &mut Desk) {
    delete::settle(desk);
}

/// Calls that are being deleted still stand in the book: whoever wants to know of them, or needs their place, waits.
fn depends_on_endings(desk: &Desk, request: &Request<'_>) -> bool {
    if desk.endings.is_empty() {
        return false;
    }
    match (request.command, request.call_id.as_deref()) {
        (Command::Ping, _) => false,
        (Command::Offer | Command::Answer | Command::Delete, Some(id)) => match desk.book.number(id) {
            Some(number) => desk.endings.has(number),
            None => desk.book.is_full(),
        },
        _ => true,
    }
}

/// A tag, label or text that says something: an empty one is as good as none.
fn named<'a>(text: &'a Option<ng::Octets<'_>>) -> Option<&'a [u8]> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn dispatch(desk: &mut Desk, request: &Request<'_>, from: SocketAddr) -> Reply {
    let result = match request.command {
        Command::Ping => return Reply::pong(),
        Command::Offer => exchange::offer(desk, request, from),
        Command::Answer => exchange::answer(desk, request, from),
        Command::Query => query::query(desk, request),
        Command::List => list::list(desk, request),
        Command::Statistics => Ok(statistics::statistics(desk)),
        Command::BlockMedia => block::block(desk, request, (Bar::Block, true)),
        Command::UnblockMedia => block::block(desk, request, (Bar::Block, false)),
        Command::SilenceMedia => block::block(desk, request, (Bar::Silence, true)),
        Command::UnsilenceMedia => block::block(desk, request, (Bar::Silence, false)),
        Command::StartRecording => recording::start(desk, request),
        Command::StopRecording => recording::stop(desk, request),
        Command::PauseRecording => recording::pause(desk, request),
        Command::Cli => Ok(statistics::cli(desk, request)),
        other => {
            return Reply::error(format!("Command \"{}\" is not available in this build", other.as_str()));
        }
    };
    result.unwrap_or_else(|reply| reply)
}

/// Calls that an operator debugs have their messages in the log, whatever the log level but for silence. Keys stay out
/// of it, so lines of SDP that carry some are not shown.
fn note_debugged<'d>(desk: &Desk, call_id: Option<&[u8]>, who: &str, dict: impl FnOnce() -> ng::Dict<'d>) {
    let Some(call_id) = call_id.filter(|id| desk.console.is_debugged(id)) else { return };
    let mut text = Vec::new();
    ng::Encoding::Json.write(&dict(), &mut text);
    let text = String::from_utf8_lossy(&text);
    tracing::info!(call = %String::from_utf8_lossy(call_id), "{who}: {}", without_keys(&text));
}

/// `a=crypto` lines of an SDP within JSON.
fn without_keys(json: &str) -> String {
    let hide = |line: &str| match line.split_once("inline:") {
        Some((before, _)) => format!("{before}inline:(hidden)"),
        None => line.to_owned(),
    };
    json.split("\\r\\n").map(hide).collect::<Vec<_>>().join("\\r\\n")
}

/// A flag nobody knows is never an error, but somebody meant something by it.
fn note_unknown(request: &Request<'_>, from: SocketAddr) {
    for unknown in &request.unknown {
        tracing::warn!(
            %from,
            call_id = &*request.shown_call_id(),
            "{} has something unknown in it: {unknown}",
            request.command.as_str()
        );
    }
}
