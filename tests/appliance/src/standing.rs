use lab::{LabError, Pace, Result, call, ng};
use std::time::{Duration, Instant};

/// Path and reason of a call's two directions, caller to callee and callee to caller, as `driver on-fast-path`.
pub type Standing = [String; 2];

/// How often it is asked for. As fast as it goes would fill the daemon's memory with replies, which it keeps for a minute.
const QUESTIONS: Pace = Pace::Every(Duration::from_millis(5));

/// Asks for it.
pub fn standing(client: &mut ng::Client, id: &str) -> Result<Standing> {
    let state = client.ok(&ng::request("query").set("call-id", id).flags(&["explain"]))?;
    // A stream stands under the party whose packets arrive there.
    Ok(call::TAGS.map(|tag| {
        let text = |key| state.text(&format!("tags/{tag}/medias/0/streams/0/{key}")).unwrap_or("-");
        format!("{} {}", text("path"), text("path reason"))
    }))
}

/// Waits until it is as wanted; an empty text stands for whatever. Returns how long that took.
pub fn await_standing(
    client: &mut ng::Client,
    id: &str,
    wanted: [&str; 2],
    within: Duration,
) -> Result<Duration> {
    let start = Instant::now();
    for question in 0.. {
        QUESTIONS.wait(start, question);
        let now = standing(client, id)?;
        if now.iter().zip(wanted).all(|(is, wanted)| wanted.is_empty() || is == wanted) {
            return Ok(start.elapsed());
        }
        if start.elapsed() > within {
            return Err(LabError::Timeout {
                what: format!("the call {id} to stand as {wanted:?}"),
                after_ms: within.as_millis(),
                context: format!("; it stands as {now:?}"),
            });
        }
    }
    unreachable!("it is in time or not")
}
