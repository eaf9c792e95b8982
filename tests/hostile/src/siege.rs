//! Calls that go on talking while something happens.

use lab::{Call, CallSpec, Daemon, Pace, Result, Topology, Value, call, ng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How the Call-IDs of a [`Siege`] begin.
pub const BESIEGED: &str = "besieged";
/// Packets each way in a round: half a second of speech.
const ROUND: u32 = 25;
/// How long after the last packet of a round was due it may arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls under siege. Each hears only its own peers (`strict-source`), as a provider would set it against strangers.
#[derive(Debug)]
pub struct Siege {
    /// The calls, in the order in which they were made.
    pub calls: Vec<Call>,
}

impl Siege {
    /// Sets up `count` calls and lets each say a few words, so that the relay knows where everybody is.
    pub fn begin(daemon: &Daemon, net: &Topology, count: u16) -> Result<Siege> {
        let mut client = daemon.ng()?;
        let mut calls = Vec::new();
        for number in 0..count {
            let spec =
                CallSpec::new(format!("{BESIEGED}-{number}"), 4000 + 10 * number).flag("strict-source");
            let call = spec.set_up(&mut client, net)?;
            call.talk_perfectly(5, Pace::BRISK, PATIENCE)?;
            calls.push(call);
        }
        Ok(Siege { calls })
    }

    /// Lets all calls talk while `attack` runs and one round longer. Panics with the report unless every packet of
    /// every round arrived once, whole and in order. An attack that fails is told before calls that fail: a daemon that is
    /// gone explains them.
    pub fn during<T>(&self, attack: impl FnOnce() -> Result<T>) -> Result<T> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let over = &over;
            let talkers: Vec<_> =
                self.calls.iter().map(|call| scope.spawn(move || talk(call, over))).collect();
            let result = {
                // Also when the attack panics: the talkers would never end.
                let _over = SetOnDrop(over);
                attack()
            };
            let talked: Vec<_> = talkers.into_iter().map(|talker| talker.join()).collect();
            let value = result?;
            for one in talked {
                one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(value)
        })
    }

    /// Ends the calls.
    pub fn end(self, client: &mut ng::Client) -> Result<()> {
        self.calls.into_iter().try_for_each(|call| call.delete(client).map(drop))
    }
}

fn talk(call: &Call, over: &AtomicBool) -> Result<()> {
    loop {
        let last = over.load(Ordering::Acquire);
        call.talk_perfectly(ROUND, Pace::SPEECH, PATIENCE)?;
        if last {
            return Ok(());
        }
    }
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Ends every call the daemon knows but those whose Call-ID starts with `keep`. Returns how many.
///
/// # Errors
/// When a listed call cannot be deleted.
pub fn delete_everything(client: &mut ng::Client, keep: &str) -> Result<usize> {
    let mut deleted = 0;
    loop {
        let reply = client.ok(&ng::request("list").set("limit", 1000))?;
        let ids = reply.key("calls").map(Value::items).unwrap_or_default();
        let doomed: Vec<&Value> =
            ids.iter().filter(|id| !id.as_str().is_some_and(|id| id.starts_with(keep))).collect();
        if doomed.is_empty() {
            return Ok(deleted);
        }
        for id in doomed {
            let request = call::delete("").set("call-id", id.clone()).without("from-tag");
            let gone = client.ok(&request)?;
            assert_eq!(gone.text("warning"), None, "{id:?} is listed and cannot be deleted");
            deleted += 1;
        }
    }
}
