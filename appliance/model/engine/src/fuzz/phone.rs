use srtp::{MAX_OVERHEAD, MasterKey, Opener, Sealer, Setup, Suite};
use std::sync::Arc;

/// A phone with one source, what it seals and opens with, and what was heard of it.
pub(super) struct Phone {
    suite: Suite,
    ssrc: u8,
    version: u8,
    context: u32,
    pub(super) out: Arc<Setup>,
    pub(super) back: Arc<Setup>,
    sealer: Sealer,
    opener: Opener,
    /// Index of the next packet of RTP.
    next: u64,
    reports: u32,
    /// The furthest that got through since the counters began.
    heard: Option<u64>,
    /// The first since then.
    first: Option<u64>,
}

/// A packet of a phone.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    pub(super) clear: Vec<u8>,
    pub(super) wire: Vec<u8>,
    /// Of RTP.
    index: Option<u64>,
}

/// By its first two bytes (RFC 5761 §4).
pub(super) fn is_rtcp(packet: &[u8]) -> bool {
    matches!(packet, [0x80..=0xbf, 192..=223, ..])
}

impl Phone {
    pub(super) fn new(suite: Suite, ssrc: u8, first: u64) -> Phone {
        let (out, back) = (setup(suite, ssrc, 0), setup(suite, ssrc + 100, 0));
        let [sealer, _] = [(); 2].map(|()| Sealer::new(&out).expect("a usual setup"));
        let opener = Opener::new(&back).expect("a usual setup");
        Phone {
            suite,
            ssrc,
            version: 0,
            context: 0,
            out,
            back,
            sealer,
            opener,
            next: first,
            reports: 0,
            heard: None,
            first: None,
        }
    }

    /// The packet that comes so many numbers after the last one, or a report.
    pub(super) fn speaks(&mut self, skip: u64, report: bool) -> Spoken {
        if report {
            self.reports += 1;
            let mut clear = vec![0x80, 200, 0, 6, 0, 0, 0, self.ssrc];
            clear.extend([0; 16]);
            clear.extend(self.reports.to_be_bytes());
            let wire = self.seal(&clear);
            return Spoken { clear, wire, index: None };
        }
        self.next += skip;
        self.first.get_or_insert(self.next);
        let mut clear = vec![0x80, 8];
        clear.extend((self.next as u16).to_be_bytes());
        clear.extend((self.next as u32).to_be_bytes());
        clear.extend([0, 0, 0, self.ssrc]);
        clear.extend([self.next as u8; 20]);
        let wire = self.seal(&clear);
        Spoken { clear, wire, index: Some(self.next) }
    }

    fn seal(&mut self, clear: &[u8]) -> Vec<u8> {
        let mut room = [clear, &[0; MAX_OVERHEAD]].concat();
        let len = match is_rtcp(clear) {
            true => self.sealer.seal_rtcp(&mut room, clear.len()),
            false => self.sealer.seal_rtp(&mut room, clear.len()),
        };
        room.truncate(len.expect("a number is said once"));
        room
    }

    /// What it hears in a packet that was sent to it.
    pub(super) fn hears(&mut self, mut packet: Vec<u8>) -> Vec<u8> {
        let opened = match is_rtcp(&packet) {
            true => self.opener.open_rtcp(&mut packet),
            false => self.opener.open_rtp(&mut packet),
        };
        packet.truncate(opened.unwrap_or_else(|error| panic!("phone {} cannot open: {error}", self.ssrc)));
        packet
    }

    /// Whoever has heard all that got through knows the rollover counter of this packet.
    pub(super) fn is_in_sight(&self, said: &Spoken, range: u64) -> bool {
        let Some(index) = said.index else { return true };
        match self.heard {
            Some(heard) => index > heard && index - heard < range,
            // The first packet is taken to be before the first wrap.
            None => self.first.is_none_or(|first| index >> 16 == first >> 16),
        }
    }

    pub(super) fn was_heard(&mut self, said: &Spoken) {
        self.heard = self.heard.max(said.index);
    }

    /// Takes other keys, in the same crypto context or a new one, as its next SDP would say.
    pub(super) fn changes_keys(&mut self, anew: bool) {
        self.version = self.version.wrapping_add(1);
        self.context += u32::from(anew);
        let byte = self.ssrc.wrapping_add(self.version.wrapping_mul(8));
        self.out = setup(self.suite, byte, self.context);
        self.back = setup(self.suite, byte.wrapping_add(100), self.context);
        self.sealer.rekey(&self.out).expect("a usual setup");
        self.opener.rekey(&self.back).expect("a usual setup");
        if anew {
            // The next one has rollover counter zero again.
            (self.heard, self.first) = (None, None);
        }
    }
}

/// Keys made of one byte.
fn setup(suite: Suite, byte: u8, context: u32) -> Arc<Setup> {
    let bytes = vec![byte; suite.key_len() + suite.salt_len()];
    let key = MasterKey::new(suite, &bytes).expect("as long as the suite wants");
    Arc::new(Setup { context, ..Setup::new(key) })
}
