//! An ear for tones in G.711.

use crate::{Law, PATIENCE, Tone, frequency_of, share};
use lab::{LabError, Result};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a verdict rests on: half a second at 8 kHz.
const WINDOW: usize = 4000;
/// This much of the energy must be the tone.
const CLEAR: f64 = 0.9;
/// How often a wait looks at the time.
const SLICE: Duration = Duration::from_millis(50);

/// The last half second that was heard. One thread may hear while another waits for a tone.
#[derive(Debug, Default)]
pub struct Ear {
    samples: Mutex<VecDeque<i16>>,
    more: Condvar,
}

impl Ear {
    /// Hears the payload of a packet.
    pub fn hear(&self, payload: &[u8], law: Law) {
        let mut samples = self.samples();
        samples.extend(payload.iter().map(|&byte| law.decode(byte)));
        let too_many = samples.len().saturating_sub(WINDOW);
        samples.drain(..too_many);
        self.more.notify_all();
    }

    /// Waits until half a second that was heard from now on is clearly `tone`. `who` waits stands in the error.
    pub fn wait_for(&self, tone: Tone, who: impl Fn() -> String) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut samples = self.samples();
        samples.clear();
        loop {
            if samples.len() >= WINDOW && share(samples.make_contiguous(), tone) >= CLEAR {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let heard = samples.make_contiguous();
                let (count, loudest, part) = (heard.len(), frequency_of(heard), share(heard, tone));
                return Err(LabError::Timeout {
                    what: format!("{} hearing {} Hz", who(), tone.hertz),
                    after_ms: PATIENCE.as_millis(),
                    context: format!("; {count} samples, loudest {loudest} Hz, {part:.2} of them the tone"),
                });
            }
            samples = self.more.wait_timeout(samples, SLICE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn samples(&self) -> MutexGuard<'_, VecDeque<i16>> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_of_the_tone_is_enough_and_older_sounds_are_forgotten() {
        let (ear, tone) = (Ear::default(), Tone { hertz: 440.0 });
        ear.hear(&Tone { hertz: 1000.0 }.spoken(Law::A, 0, WINDOW), Law::A);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| ear.wait_for(tone, || "the ear".to_owned()));
            for packet in 0u64.. {
                if waiting.is_finished() {
                    break;
                }
                ear.hear(&tone.spoken(Law::A, packet * 160, 160), Law::A);
            }
            waiting.join().unwrap().unwrap();
        });
    }
}
