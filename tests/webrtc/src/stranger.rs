//! Somebody else's WebRTC stack as a program that asks the test what to do.
//!
//! The page in `page/call.html` and the script in `aiortc/peer.py` behave alike. They get `role` (`caller` or
//! `callee`); a caller posts `offer` and is answered with the answer, a callee gets the offer from `call` and posts
//! `answer`. Then they ask `next`: `restart`, another offer, or nothing. Every moment they post `heard`.

use crate::{Door, PATIENCE, Tone};
use lab::{LabError, Process, Result};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The fewest parts of what is heard that a clear tone has.
const CLEAR: f64 = 0.9;
/// How far a tone may be off: two steps of the analysis.
const NEAR_HZ: f64 = 30.0;

/// How long a stranger may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// A running stranger. Ended on drop.
#[derive(Debug)]
pub struct Stranger {
    door: Door,
    process: Process,
    _folder: TempDir,
}

/// What a stranger says of its call.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// The loudest frequency, in hertz.
    pub hertz: f64,
    /// Which part of the energy is there, 0 to 1.
    pub share: f64,
    /// Pictures of video that were decoded (packets of it that arrived, if the stack does not tell).
    pub pictures: u64,
    /// RTP packets that arrived.
    pub received: u64,
    /// RTP packets that were sent.
    pub sent: u64,
    /// The state of its connection.
    pub state: String,
    /// The SRTP profile that DTLS agreed on, if the stack tells.
    pub suite: String,
}

impl Stranger {
    /// Takes over a program that talks to `door` and keeps its files in `folder`.
    pub fn new(door: Door, process: Process, folder: TempDir) -> Stranger {
        Stranger { door, process, _folder: folder }
    }

    /// Makes it call; `relay` turns its offer into the answer it gets.
    pub fn calls(&mut self, relay: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        self.told("role", "caller")?;
        self.offers(relay)
    }

    /// Calls it with this offer; its answer.
    pub fn is_called(&mut self, offer: &str) -> Result<String> {
        self.told("role", "callee")?;
        self.told("call", offer)?;
        self.posted("answer", "")
    }

    /// Makes it call itself: `relay` turns the offer into the one that it gets, `back` its answer.
    pub fn calls_itself(
        &mut self,
        relay: impl FnOnce(&str) -> Result<String>,
        back: impl FnOnce(&str) -> Result<String>,
    ) -> Result<()> {
        self.told("role", "both")?;
        self.offers(relay)?;
        let knock = self.wait("answer")?;
        let answer = back(&knock.body)?;
        knock.answer(&answer);
        Ok(())
    }

    /// In a call: makes it offer new ICE credentials.
    pub fn restarts(&mut self, relay: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        self.told("next", "restart")?;
        self.offers(relay)
    }

    /// In a call: offers again; its answer.
    pub fn is_called_again(&mut self, offer: &str) -> Result<String> {
        self.told("next", offer)?;
        self.posted("answer", "")
    }

    fn offers(&mut self, relay: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let knock = self.wait("offer")?;
        let answer = relay(&knock.body)?;
        knock.answer(&answer);
        Ok(())
    }

    /// Waits until it hears clearly `tone`, from now on. What it said then.
    pub fn hears(&mut self, tone: Tone) -> Result<Sound> {
        self.reports("heard", &format!("hearing {} Hz", tone.hertz), |sound| sound.is(tone))
    }

    /// The same of the other end when it has called itself.
    pub fn hears_too(&mut self, tone: Tone) -> Result<Sound> {
        self.reports("heard-too", &format!("hearing {} Hz", tone.hertz), |sound| sound.is(tone))
    }

    /// Waits until it has seen as many pictures, at the end that reports as [`Stranger::hears`] does or at the other.
    pub fn sees(&mut self, pictures: u64, other: bool) -> Result<Sound> {
        let name = if other { "heard-too" } else { "heard" };
        self.reports(name, &format!("seeing {pictures} pictures"), |sound| sound.pictures >= pictures)
    }

    fn reports(&mut self, name: &str, what: &str, is_so: impl Fn(&Sound) -> bool) -> Result<Sound> {
        self.door.forget(name);
        let start = Instant::now();
        loop {
            let report = self.posted(name, "")?;
            let sound = Sound::read(&report)?;
            if is_so(&sound) {
                return Ok(sound);
            }
            if start.elapsed() > PATIENCE {
                return Err(LabError::Timeout {
                    what: format!("the stranger {what}"),
                    after_ms: PATIENCE.as_millis(),
                    context: format!("; it says {sound:?}\n{}", self.process.log_end(20)),
                });
            }
        }
    }

    /// What it says next.
    pub fn says(&mut self) -> Result<Sound> {
        self.door.forget("heard");
        let report = self.posted("heard", "")?;
        Sound::read(&report)
    }

    fn told(&mut self, name: &str, text: &str) -> Result<()> {
        self.wait(name)?.answer(text);
        Ok(())
    }

    fn posted(&mut self, name: &str, text: &str) -> Result<String> {
        let mut knock = self.wait(name)?;
        let body = std::mem::take(&mut knock.body);
        knock.answer(text);
        Ok(body)
    }

    fn wait(&mut self, name: &str) -> Result<crate::Knock> {
        self.door.wait(name, PATIENCE).map_err(|error| match error {
            LabError::Timeout { what, after_ms, context } => LabError::Timeout {
                what,
                after_ms,
                context: format!("{context}\n{}", self.process.log_end(20)),
            },
            other => other,
        })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        // A browser is many processes that write into its folder until the first of them has ended properly; where it does
        // not, dropping the process kills it.
        let _ = self.process.terminate(END_WITHIN);
    }
}

impl Sound {
    /// Clearly this tone.
    fn is(&self, tone: Tone) -> bool {
        (self.hertz - tone.hertz).abs() <= NEAR_HZ && self.share >= CLEAR
    }

    fn read(report: &str) -> Result<Sound> {
        let malformed = |what: String| LabError::Malformed { encoding: "JSON of a stranger", at: 0, what };
        let json: serde_json::Value =
            serde_json::from_str(report).map_err(|error| malformed(format!("{error}: {report}")))?;
        let missing = |key: &str| malformed(format!("no {key}: {report}"));
        let float = |key: &str| json[key].as_f64().ok_or_else(|| missing(key));
        let count = |key: &str| json[key].as_u64().ok_or_else(|| missing(key));
        let text = |key: &str| json[key].as_str().map(str::to_owned).ok_or_else(|| missing(key));
        Ok(Sound {
            hertz: float("hertz")?,
            share: float("share")?,
            pictures: json["pictures"].as_u64().unwrap_or_default(),
            received: count("received")?,
            sent: count("sent")?,
            state: text("state")?,
            suite: text("suite")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_must_be_whole() {
        let whole = r#"{"hertz": 996.1, "share": 0.99, "received": 50, "sent": 51, "state": "connected", "suite": "AES_CM_128_HMAC_SHA1_80"}"#;
        let sound = Sound::read(whole).unwrap();
        assert_eq!((sound.received, sound.hertz), (50, 996.1));
        Sound::read(&whole.replace("hertz", "other")).expect_err("no frequency");
        Sound::read("x").expect_err("no JSON");
    }
}
