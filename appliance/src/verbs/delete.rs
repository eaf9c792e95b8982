use super::query::render;
use super::{named, note_debugged};
use crate::control::Answer;
use crate::desk::{Asker, Desk, Ending};
use crate::record::Recordings;
use call::{Delete, Doomed, EndReason, Scope};
use flow::Micros;
use ng::request::Flag;
use ng::{Command, Outcome, Reply, Request};

const NOT_FOUND: &str = "Call-ID not found or tags didn't match";

/// `delete`. What its packet thread has counted goes into the reply, and is not waited for here: [`settle`] answers.
pub(super) fn delete(desk: &mut Desk, request: &Request<'_>, asker: Asker) -> Answer {
    let call_id = match request.need_call_id() {
        Ok(call_id) => call_id,
        Err(error) => return Reply::from(error).into(),
    };
    let from_tag = named(&request.from_tag);
    let wanted = Delete {
        call_id,
        from_tag,
        to_tag: named(&request.to_tag).filter(|_| request.has(Flag::ToTag)),
        via_branch: request.via_branch.as_deref(),
        delay: request.delete_delay.and_then(|secs| u64::try_from(secs).ok()).map(Micros::from_secs),
    };
    let now = desk.clock.now();
    let Some(doomed) = desk.book.doom(&wanted, now) else {
        let fatal = request.has(Flag::Fatal);
        let reply = if fatal { Reply::error(NOT_FOUND) } else { Reply::ok().with_warning(NOT_FOUND) };
        return reply.into();
    };
    let tags = match doomed {
        Doomed::Call(..) => [None, None],
        Doomed::Party(..) => [wanted.from_tag, wanted.to_tag].map(|tag| tag.map(Box::from)),
    };
    // A call that is deleted as a whole, without naming a party, is reported with its ports still open.
    let over = doomed.at() <= now;
    let Some(call) = desk.book.get(doomed.number()) else { return Reply::ok().into() };
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
    let counters = desk.flush_leaving(worker, keys);
    let ends = matches!(doomed, Doomed::Call(..)) && over;
    let fast = request.has(Flag::Fast);
    let number = doomed.number();
    Answer::Later(desk.endings.add(|ticket| Ending { ticket, number, ends, tags, fast, counters, asker }))
}

/// Answers all deletions that have not been.
pub(super) fn settle(desk: &mut Desk) {
    let mut endings = desk.endings.take();
    // Threads carry out orders in turn: who has the last answer of one need not wait for those before.
    let copies: Vec<_> = endings.iter_mut().rev().map(|ending| desk.collect(&mut ending.counters)).collect();
    for (ending, snapshots) in endings.into_iter().zip(copies.into_iter().rev()) {
        let Ending { ticket, number, ends, tags, fast, asker, .. } = ending;
        let call = desk.book.get(number);
        let reply = match call.filter(|_| !fast) {
            Some(call) => {
                let [from_tag, to_tag] = &tags;
                let scope = Scope { from_tag: from_tag.as_deref(), to_tag: to_tag.as_deref() };
                render(desk, call, scope, &snapshots)
            }
            None => Reply::ok(),
        };
        note_debugged(desk, call.map(call::Call::id), "reply", || reply.body().tree());
        if ends {
            desk.end(number, EndReason::Terminated, &snapshots);
        }
        let took = desk.clock.now().since(asker.at);
        let failed = reply.outcome() == Outcome::Error;
        desk.tally.control.command(asker.from, Command::Delete, took, failed);
        desk.endings.tell(ticket, reply);
    }
    // Before the replies are sent: who has one soon finds the ports free.
    desk.ports.pool().call_told();
}
