//! Whether the other party still wants our packets (RFC 7675 §5.1).

use crate::Timing;
use crate::credentials::Stream;
use std::time::Duration;

/// Checks that may still be answered: more than there are in 30 s with 4 s between them.
const KEPT: usize = 8;

/// The consent of one nominated pair. Checks are not sent twice; each has a transaction of its own.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    /// When the next check is due.
    next: Duration,
    /// When consent ends unless somebody answers.
    end: Duration,
    asked: [Option<[u8; 12]>; KEPT],
    turn: usize,
    /// Checks since the last answer.
    unanswered: u32,
}

impl Consent {
    /// A check was just answered.
    pub(crate) fn given(now: Duration, timing: &Timing, random: &mut Stream) -> Consent {
        Consent {
            next: now + interval(timing, random),
            end: now + timing.consent_expiry,
            asked: [None; KEPT],
            turn: 0,
            unanswered: 0,
        }
    }

    /// The next moment at which something is to do.
    pub(crate) fn due(&self) -> Duration {
        self.next.min(self.end)
    }

    pub(crate) fn is_lost(&self, now: Duration) -> bool {
        self.end <= now
    }

    /// A check went unanswered for longer than any round trip takes: another nominated pair may be better.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.unanswered >= 2
    }

    /// A transaction to ask with, if it is time to.
    pub(crate) fn ask(&mut self, now: Duration, timing: &Timing, random: &mut Stream) -> Option<[u8; 12]> {
        if now < self.next {
            return None;
        }
        self.next = now + interval(timing, random);
        let transaction = random.bytes();
        self.asked[self.turn % KEPT] = Some(transaction);
        self.turn += 1;
        self.unanswered += 1;
        Some(transaction)
    }

    pub(crate) fn asked(&self, transaction: &[u8; 12]) -> bool {
        self.asked.iter().flatten().any(|asked| asked == transaction)
    }

    /// An answer to one of our checks.
    pub(crate) fn renew(&mut self, transaction: &[u8; 12], now: Duration, timing: &Timing) {
        self.end = now + timing.consent_expiry;
        self.unanswered = 0;
        for asked in &mut self.asked {
            if asked.as_ref() == Some(transaction) {
                *asked = None;
            }
        }
    }
}

/// 0.8 to 1.2 times the mean.
fn interval(timing: &Timing, random: &mut Stream) -> Duration {
    let mean = timing.consent.as_micros() as u64;
    Duration::from_micros(mean * 4 / 5 + random.below(mean * 2 / 5 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_come_every_five_seconds_give_or_take_a_fifth() {
        let (timing, mut random) = (Timing::default(), Stream::new([3; 32]));
        let mut consent = Consent::given(Duration::ZERO, &timing, &mut random);
        let (mut last, mut spread) = (Duration::ZERO, Vec::new());
        for _ in 0..200 {
            let due = consent.next;
            spread.push(due - last);
            last = due;
            assert!(consent.ask(due - Duration::from_micros(1), &timing, &mut random).is_none());
            let transaction = consent.ask(due, &timing, &mut random).unwrap();
            assert!(consent.asked(&transaction));
            consent.renew(&transaction, due, &timing);
            assert!(!consent.asked(&transaction), "an answer counts once");
        }
        let (least, most) = (spread.iter().min().unwrap(), spread.iter().max().unwrap());
        assert!(*least >= Duration::from_secs(4) && *least < Duration::from_millis(4300), "{least:?}");
        assert!(*most <= Duration::from_secs(6) && *most > Duration::from_millis(5700), "{most:?}");
    }

    #[test]
    fn consent_ends_thirty_seconds_after_the_last_answer() {
        let (timing, mut random) = (Timing::default(), Stream::new([4; 32]));
        let mut consent = Consent::given(Duration::ZERO, &timing, &mut random);
        let transaction = consent.ask(Duration::from_secs(6), &timing, &mut random).unwrap();
        consent.renew(&transaction, Duration::from_secs(7), &timing);
        for second in 8..37 {
            let now = Duration::from_secs(second);
            assert!(!consent.is_lost(now));
            consent.ask(now, &timing, &mut random);
        }
        assert!(consent.is_doubtful());
        assert!(consent.is_lost(Duration::from_secs(37)));
    }
}
