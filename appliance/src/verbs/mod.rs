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

use crate::desk::Desk;
use ng::{Command, Reply, Request};
use std::net::SocketAddr;

/// Carries a request out. `from` is the client's address, for the statistics.
pub fn carry_out(desk: &mut Desk, dict: &ng::Dict<'_>, from: SocketAddr) -> Reply {
    let started = desk.clock.now();
    let templates = desk.templates.clone();
    let request = match Request::parse_with(dict, |name| templates.get(name).map(String::as_str)) {
        Ok(request) => request,
        Err(error) => {
            desk.tally.control.error(from);
            tracing::warn!(%from, %error, "request refused");
            return error.into();
        }
    };
    let reply = dispatch(desk, &request, from);
    note_debugged(desk, &request, dict, &reply);
    let took = desk.clock.now().since(started);
    desk.tally.control.command(from, request.command, took, reply.outcome() == ng::Outcome::Error);
    note_unknown(&request, from);
    reply
}

fn dispatch(desk: &mut Desk, request: &Request<'_>, from: SocketAddr) -> Reply {
    let result = match request.command {
        Command::Ping => return Reply::pong(),
        Command::Offer => exchange::offer(desk, request, from),
        Command::Answer => exchange::answer(desk, request, from),
        Command::Delete => delete::delete(desk, request),
        Command::Query => query::query(desk, request),
        Command::List => list::list(desk, request),
        Command::Statistics => Ok(statistics::statistics(desk)),
        Command::BlockMedia => block::block(desk, request, true),
        Command::UnblockMedia => block::block(desk, request, false),
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
fn note_debugged(desk: &Desk, request: &Request<'_>, dict: &ng::Dict<'_>, reply: &Reply) {
    let Some(call_id) = request.call_id.as_deref().filter(|id| desk.console.is_debugged(id)) else { return };
    for (who, dict) in [("request", dict), ("reply", reply.body())] {
        let mut text = Vec::new();
        ng::Encoding::Json.write(dict, &mut text);
        let text = String::from_utf8_lossy(&text);
        tracing::info!(call = %String::from_utf8_lossy(call_id), "{who}: {}", without_keys(&text));
    }
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
