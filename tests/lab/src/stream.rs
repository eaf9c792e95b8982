//! What an RTP stream should be, packet by packet, so that both ends can say whether one is right.

use crate::rtp::{self, Header};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// Nanoseconds of the monotonic clock since the lab first looked; the same for all threads of the process.
pub fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Where payloads come from. Every packet's payload can be computed from its index, so the receiver knows it.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Pseudo-random bytes, different in every packet and stream.
    Pattern {
        /// Bytes per packet.
        bytes: usize,
    },
    /// Recorded audio, cut into packets; begins again at its end.
    Audio {
        /// The samples, one byte each (G.711).
        samples: Arc<[u8]>,
        /// Bytes per packet; 160 for 20 ms of G.711.
        bytes: usize,
    },
}

/// An RTP stream: a known packet for every index. Clones share the record of send times.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Synchronisation source.
    pub ssrc: u32,
    /// Payload type.
    pub payload_type: u8,
    /// Sequence number of packet 0.
    pub first_sequence: u16,
    /// Timestamp of packet 0.
    pub first_timestamp: u32,
    /// Timestamp units per packet; 160 for 20 ms at 8 kHz.
    pub timestamp_step: u32,
    /// The payloads.
    pub payload: Payload,
    sent_at: Arc<[AtomicU64]>,
}

impl Stream {
    /// A stream of `count` packets like 20 ms of PCMU: payload type 0, step 160, 160 bytes of pattern. Sequence
    /// number and timestamp start at values derived from the SSRC. At most 65536 packets, because the
    /// receiver tells them apart by sequence number.
    pub fn new(ssrc: u32, count: u32) -> Stream {
        let count = count.min(65536);
        Stream {
            ssrc,
            payload_type: 0,
            first_sequence: (ssrc.wrapping_mul(40503) >> 8) as u16,
            first_timestamp: ssrc.wrapping_mul(2_654_435_761),
            timestamp_step: 160,
            payload: Payload::Pattern { bytes: 160 },
            sent_at: (0..count).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// With another payload type.
    pub fn payload_type(mut self, payload_type: u8) -> Stream {
        self.payload_type = payload_type;
        self
    }

    /// With another first sequence number.
    pub fn first_sequence(mut self, sequence: u16) -> Stream {
        self.first_sequence = sequence;
        self
    }

    /// With another payload.
    pub fn payload(mut self, payload: Payload) -> Stream {
        self.payload = payload;
        self
    }

    /// How many packets it has.
    pub fn count(&self) -> u32 {
        self.sent_at.len() as u32
    }

    /// Packet `index` as bytes. Packet 0 has the marker bit.
    pub fn packet(&self, index: u32) -> Vec<u8> {
        rtp::write(&self.header(index), &self.payload_of(index))
    }

    /// The header of packet `index`.
    pub fn header(&self, index: u32) -> Header {
        Header {
            payload_type: self.payload_type,
            marker: index == 0,
            sequence: self.first_sequence.wrapping_add(index as u16),
            timestamp: self.first_timestamp.wrapping_add(index.wrapping_mul(self.timestamp_step)),
            ssrc: self.ssrc,
        }
    }

    /// The payload of packet `index`.
    pub fn payload_of(&self, index: u32) -> Vec<u8> {
        match &self.payload {
            Payload::Pattern { bytes } => pattern(self.first_timestamp ^ index, *bytes),
            Payload::Audio { samples, bytes } => {
                let start = index as usize * bytes;
                (start..start + bytes).map(|at| samples[at % samples.len()]).collect()
            }
        }
    }

    /// Which packet of this stream `bytes` is, and whether every byte of it is right. The index comes from the
    /// sequence number; `Err` says what it is instead.
    pub fn check(&self, bytes: &[u8]) -> Result<u32, String> {
        let (header, payload) = rtp::parse(bytes).ok_or_else(|| format!("not plain RTP: {bytes:02x?}"))?;
        let index = u32::from(header.sequence.wrapping_sub(self.first_sequence));
        if index >= self.count() {
            return Err(format!("sequence number {} is outside the stream", header.sequence));
        }
        if header != self.header(index) {
            return Err(format!("packet {index} has {header:?} instead of {:?}", self.header(index)));
        }
        let expected = self.payload_of(index);
        if payload != expected {
            let at = payload.iter().zip(&expected).position(|(got, sent)| got != sent);
            let (got, sent) = (payload.len(), expected.len());
            return Err(format!("packet {index}: {got} payload bytes of {sent}, first difference at {at:?}"));
        }
        Ok(index)
    }

    pub(crate) fn note_sent(&self, index: u32) {
        if let Some(slot) = self.sent_at.get(index as usize) {
            slot.store(now_ns(), Ordering::Release);
        }
    }

    /// When packet `index` was sent last ([`now_ns`]); `None` if it was not.
    pub fn sent_at(&self, index: u32) -> Option<u64> {
        let at = self.sent_at.get(index as usize)?.load(Ordering::Acquire);
        (at != 0).then_some(at)
    }
}

/// Bytes of a small generator (xorshift) started from `seed`.
fn pattern(seed: u32, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    };
    (0..bytes).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_own_packet_is_right_even_across_the_wrap() {
        let stream = Stream::new(7, 20).first_sequence(65530);
        for index in 0..20 {
            assert_eq!(stream.check(&stream.packet(index)), Ok(index));
        }
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let stream = Stream::new(7, 3);
        let packet = stream.packet(1);
        for at in 0..packet.len() {
            let mut bad = packet.clone();
            bad[at] ^= 0x40;
            assert!(stream.check(&bad).is_err(), "byte {at}");
        }
        assert!(stream.check(&packet[..packet.len() - 1]).is_err());
        assert!(Stream::new(8, 3).check(&packet).is_err());
    }

    #[test]
    fn audio_begins_again() {
        let payload = Payload::Audio { samples: Arc::from([1, 2, 3]), bytes: 2 };
        let stream = Stream::new(7, 3).payload(payload);
        assert_eq!([0, 1, 2].map(|index| stream.payload_of(index)), [[1, 2], [3, 1], [2, 3]]);
    }
}
