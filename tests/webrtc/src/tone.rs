//! Tones: made, put into G.711 (ITU-T G.711) and WAV, and found again.

use std::f64::consts::TAU;

/// Samples per second of G.711.
const TELEPHONE_HZ: f64 = 8000.0;

/// A sine at a third of full scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tone {
    /// Its frequency.
    pub hertz: f64,
}

impl Tone {
    /// Sample number `index` at `rate` samples per second.
    pub fn sample(self, index: u64, rate: f64) -> i16 {
        ((index as f64 * self.hertz / rate * TAU).sin() * 11_000.0) as i16
    }

    /// `count` samples from number `first` on as G.711.
    pub fn spoken(self, law: Law, first: u64, count: usize) -> Vec<u8> {
        (first..first + count as u64).map(|index| law.encode(self.sample(index, TELEPHONE_HZ))).collect()
    }
}

/// The two ways G.711 writes a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// PCMU, static payload type 0.
    Mu,
    /// PCMA, static payload type 8.
    A,
}

impl Law {
    /// By static payload type (RFC 3551 §6).
    pub fn of_payload_type(payload_type: u8) -> Option<Law> {
        match payload_type {
            0 => Some(Law::Mu),
            8 => Some(Law::A),
            _ => None,
        }
    }

    /// Its static payload type.
    pub fn payload_type(self) -> u8 {
        match self {
            Law::Mu => 0,
            Law::A => 8,
        }
    }

    /// The 16-bit sample a byte stands for.
    pub fn decode(self, byte: u8) -> i16 {
        let (bits, bias) = match self {
            Law::Mu => (!byte, 33),
            Law::A => (byte ^ 0x55, 0),
        };
        let (segment, step) = (u32::from(bits >> 4 & 7), i32::from(bits & 15));
        let size = match self {
            Law::Mu => (((2 * step + 33) << segment) - bias) << 2,
            Law::A if segment == 0 => (2 * step + 1) << 3,
            Law::A => (2 * step + 33) << (segment + 2),
        };
        // The first bit is set for negative samples of µ-law and for positive ones of A-law.
        let negative = (bits & 0x80 != 0) == (self == Law::Mu);
        (if negative { -size } else { size }) as i16
    }

    /// The byte that stands for a sample: its sign, the segment of its size, and four bits of where it is in there.
    pub fn encode(self, sample: i16) -> u8 {
        let size = i32::from(sample).abs();
        let bits_of = |size: i32| 32 - size.leading_zeros() as i32;
        let (bits, sign_set) = match self {
            Law::Mu => {
                let size = ((size >> 2) + 33).min(0x1fff);
                let segment = bits_of(size) - 6;
                (segment << 4 | (size >> (segment + 1) & 15), sample < 0)
            }
            Law::A => {
                let size = (size >> 3).min(0x0fff);
                // The first two segments have steps of one size.
                let segment = (bits_of(size) - 5).max(0);
                (segment << 4 | (size >> segment.max(1) & 15), sample >= 0)
            }
        };
        let byte = bits as u8 | u8::from(sign_set) << 7;
        if self == Law::Mu { !byte } else { byte ^ 0x55 }
    }
}

/// How much of the energy of `samples` (at 8 kHz) is at `tone`: 1 for it alone, 0 for silence or anything else. The
/// algorithm is Goertzel's.
pub fn share(samples: &[i16], tone: Tone) -> f64 {
    let coefficient = 2.0 * (TAU * tone.hertz / TELEPHONE_HZ).cos();
    let (mut last, mut before, mut energy) = (0.0, 0.0, 0.0);
    for &sample in samples {
        let sample = f64::from(sample);
        (last, before) = (sample + coefficient * last - before, last);
        energy += sample * sample;
    }
    // A tenth of a percent of full scale is silence, whatever its spectrum.
    if energy <= samples.len() as f64 * 33.0 * 33.0 {
        return 0.0;
    }
    let at_tone = last * last + before * before - coefficient * last * before;
    2.0 * at_tone / (energy * samples.len() as f64)
}

/// The frequency, in steps of 10 Hz up to 3500 Hz, that `samples` (at 8 kHz) have most of. For messages.
pub fn frequency_of(samples: &[i16]) -> f64 {
    let tones = (10..350).map(|ten| Tone { hertz: f64::from(ten) * 10.0 });
    let loudest = tones.max_by(|a, b| share(samples, *a).total_cmp(&share(samples, *b)));
    loudest.map_or(0.0, |tone| tone.hertz)
}

/// A WAV file, mono, 16 bits, 48 kHz, of whole seconds, so that it can be repeated without a click if the frequency
/// is a whole number of hertz.
pub fn wav(tone: Tone, seconds: u32) -> Vec<u8> {
    const RATE: u32 = 48_000;
    let bytes = seconds * RATE * 2;
    let mut file = Vec::with_capacity(44 + bytes as usize);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1u16, 1].map(u16::to_le_bytes).concat());
    file.extend([RATE, RATE * 2].map(u32::to_le_bytes).concat());
    // Bytes per frame, bits per sample.
    file.extend([2u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    for index in 0..u64::from(seconds * RATE) {
        file.extend(tone.sample(index, f64::from(RATE)).to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_knows_its_landmarks() {
        // Silence, the largest samples, and the decision of which bit is the sign (ITU-T G.711 tables 1a and 2a).
        assert_eq!([0xff, 0x7f, 0x80, 0x00].map(|byte| Law::Mu.decode(byte)), [0, 0, 32124, -32124]);
        assert_eq!([0xd5, 0x55, 0xaa, 0x2a].map(|byte| Law::A.decode(byte)), [8, -8, 32256, -32256]);
        for law in [Law::Mu, Law::A] {
            for byte in 0..=255 {
                let again = law.encode(law.decode(byte));
                assert_eq!(law.decode(again), law.decode(byte));
            }
            assert_eq!(Law::of_payload_type(law.payload_type()), Some(law));
        }
        assert_eq!(Law::of_payload_type(9), None);
    }

    #[test]
    fn a_tone_is_found_and_others_are_not() {
        for law in [Law::Mu, Law::A] {
            let tone = Tone { hertz: 440.0 };
            let samples: Vec<i16> = tone.spoken(law, 77, 1600).iter().map(|&byte| law.decode(byte)).collect();
            assert!(share(&samples, tone) > 0.98, "{}", share(&samples, tone));
            assert!(share(&samples, Tone { hertz: 1000.0 }) < 0.01);
            assert_eq!(frequency_of(&samples), 440.0);
            // Read as the other law it is no clean tone any more.
            let other = if law == Law::Mu { Law::A } else { Law::Mu };
            let garbled: Vec<i16> =
                tone.spoken(law, 0, 1600).iter().map(|&byte| other.decode(byte)).collect();
            assert!(share(&garbled, tone) < share(&samples, tone));
        }
        assert_eq!(share(&[0; 1600], Tone { hertz: 440.0 }), 0.0);
        assert_eq!(share(&[], Tone { hertz: 440.0 }), 0.0);
    }

    #[test]
    fn a_wav_is_as_long_as_it_says() {
        let file = wav(Tone { hertz: 440.0 }, 1);
        assert_eq!(file.len(), 44 + 96_000);
        assert_eq!(&file[40..44], 96_000u32.to_le_bytes());
        assert_eq!(&file[4..8], (file.len() as u32 - 8).to_le_bytes());
    }
}
