//! SRTP that changes hands in mid-stream: a learner in memory, the module, the learner again. The peers are those of
//! crate `srtp`, whose bytes are those of the RFCs.

use crate::lab::{TABLE, receive, rtp, silent, socket, table};
use compat_procfs::{Claim, Clock, ModuleTable, Tables};
use flow::srtp::{MasterKey, Mki, OpenError, Opener, Sealer, Setup, Suite};
use flow::{
    Carries, FlowKey, FlowTable, Gate, Generation, InstallError, Recipe, RecipeOutput, Rewrite, StreamId,
};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

const SSRC: u32 = 0xfeed;
const NEAR: &str = "10.0.1.1:30400";
const FAR: &str = "10.0.2.1:30400";
const LEFT: &str = "10.0.1.2:4400";
const RIGHT: &str = "10.0.2.2:5400";
/// Rollover counters at the first packet: of the sender, and of what the learner seals.
const ROCS: [u32; 2] = [1, 7];

fn setup(suite: Suite, seed: u8, mki: &[u8]) -> Setup {
    let bytes: Vec<u8> = (0..suite.key_len() + suite.salt_len()).map(|at| at as u8 ^ seed).collect();
    Setup { mki: Mki::new(mki).unwrap(), ..Setup::new(MasterKey::new(suite, &bytes).unwrap()) }
}

/// Keys of one direction at both of its ends; without keys, plain RTP.
struct Ends {
    setup: Option<Arc<Setup>>,
    sealer: Option<Sealer>,
    opener: Option<Opener>,
}

impl Ends {
    fn new(setup: Option<Setup>, roc: u32) -> Ends {
        let sealer = setup.as_ref().map(|setup| {
            let mut sealer = Sealer::new(setup).unwrap();
            sealer.set_roc(SSRC, roc).unwrap();
            sealer
        });
        let opener = setup.as_ref().map(|setup| {
            let mut opener = Opener::new(setup).unwrap();
            opener.set_roc(SSRC, roc).unwrap();
            opener
        });
        Ends { setup: setup.map(Arc::new), sealer, opener }
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut packet = plain.to_vec();
        if let Some(sealer) = &mut self.sealer {
            packet.resize(plain.len() + sealer.rtp_overhead(), 0);
            assert_eq!(sealer.seal_rtp(&mut packet, plain.len()).unwrap(), packet.len());
        }
        packet
    }

    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut packet = sealed.to_vec();
        if let Some(opener) = &mut self.opener {
            let len = opener.open_rtp(&mut packet)?;
            packet.truncate(len);
        }
        Ok(packet)
    }
}

/// What comes in (its opener is the learner's) and what goes out (its sealer is).
struct Stream {
    arriving: Ends,
    leaving: Ends,
}

impl Stream {
    /// A packet by way of the learner; as it was on the wire.
    fn by_learner(&mut self, seq: u16) -> Vec<u8> {
        let plain = rtp(0, seq, SSRC, 160);
        let wire = self.arriving.seal(&plain);
        let opened = self.arriving.open(&wire).unwrap();
        let sealed = self.leaving.seal(&opened);
        assert_eq!(self.leaving.open(&sealed).unwrap(), plain, "packet {seq}");
        wire
    }

    /// A packet by way of the module.
    fn by_module(&mut self, seq: u16, left: &UdpSocket, right: &UdpSocket) -> Vec<u8> {
        let plain = rtp(0, seq, SSRC, 160);
        let wire = self.arriving.seal(&plain);
        left.send_to(&wire, NEAR).unwrap();
        let sealed = receive(right);
        assert_eq!(self.leaving.open(&sealed).unwrap(), plain, "packet {seq}");
        wire
    }

    fn recipe(&self, generation: u64) -> Recipe {
        let key = |text: &str| FlowKey::from(text.parse::<SocketAddr>().unwrap());
        let states = |all: Option<Vec<_>>| all.unwrap_or_default();
        let output = RecipeOutput {
            from: key(FAR),
            to: RIGHT.parse().unwrap(),
            tos: 0,
            rewrite: Rewrite::default(),
            seal: self.leaving.setup.clone(),
            sealed: states(self.leaving.sealer.as_ref().map(|sealer| sealer.states().collect())),
        };
        Recipe {
            key: key(NEAR),
            generation: Generation(generation),
            stream: StreamId(5),
            carries: Carries::RtpAndRtcp,
            source: LEFT.parse().unwrap(),
            gate: Gate::Open,
            open: self.arriving.setup.clone(),
            opened: states(self.arriving.opener.as_ref().map(|opener| opener.states().collect())),
            outputs: [output].into_iter().collect(),
        }
    }
}

/// There, over the end of the sequence numbers, and back.
fn to_and_fro(arriving: Option<Setup>, leaving: Option<Setup>) {
    drop(table());
    let (left, right, up) = (socket(LEFT), socket(RIGHT), socket(NEAR));
    let mut module = ModuleTable::open(Tables::default(), TABLE, Claim::Fresh, Clock::default()).unwrap();
    let mut stream = Stream { arriving: Ends::new(arriving, ROCS[0]), leaving: Ends::new(leaving, ROCS[1]) };
    let old: Vec<Vec<u8>> = (65490..65520).map(|seq| stream.by_learner(seq)).collect();
    let first = stream.recipe(1);
    module.install(&first).unwrap();
    stream.by_module(65521, &left, &right);
    let held_back = stream.arriving.seal(&rtp(0, 65522, SSRC, 160));
    for seq in (65523..=65535).chain(0..10) {
        stream.by_module(seq, &left, &right);
    }
    // Replaced in mid-stream, by a recipe that knows nothing of what the module has done since.
    module.install(&Recipe { generation: Generation(2), ..first.clone() }).unwrap();
    let last: Vec<Vec<u8>> = (10..30).map(|seq| stream.by_module(seq, &left, &right)).collect();
    // A packet that was late across the rollover.
    left.send_to(&held_back, NEAR).unwrap();
    assert_eq!(stream.leaving.open(&receive(&right)).unwrap(), rtp(0, 65522, SSRC, 160));
    // What came by either path before is not taken again.
    left.send_to(&old[29], NEAR).unwrap();
    left.send_to(&last[19], NEAR).unwrap();
    silent(&right);
    silent(&up);

    let told = module.progress(first.key);
    let counted = module.withdraw(first.key, Generation(2)).unwrap();
    assert_eq!((counted.counters.received.packets, counted.counters.received.errors), (45, 2));
    // What is late when its flow has been replaced is both: missing to the old one, late to the new one.
    let [sender] = counted.ssrcs.as_slice() else { panic!("{:?}", counted.ssrcs) };
    assert_eq!((sender.traffic.packets, sender.lost, sender.reordered), (45, 1, 1));
    let sealed = module.take_sealed(first.outputs[0].from);
    assert_eq!(module.take_sealed(first.outputs[0].from), []);
    // The same was told of it while it was installed.
    for (port, progress) in told {
        assert_eq!(progress.opened, if port == first.key { &counted.progress.opened[..] } else { &[] });
        assert_eq!(progress.sealed, if port == first.key { &[] } else { &sealed[..] });
    }
    for (told, ends, roc) in
        [(&counted.progress.opened, &stream.arriving, ROCS[0]), (&sealed, &stream.leaving, ROCS[1])]
    {
        let indices: Vec<_> = told.iter().map(|state| (state.ssrc, state.rtp.index)).collect();
        let now = (SSRC, u64::from(roc + 1) << 16 | 29);
        assert_eq!(indices, if ends.setup.is_some() { vec![now] } else { vec![] });
    }
    if let Some(opener) = &mut stream.arriving.opener {
        opener.restore(&counted.progress.opened[0]).unwrap();
        assert_eq!(stream.arriving.open(&last[19]), Err(OpenError::Replayed));
        assert_eq!(stream.arriving.open(&held_back), Err(OpenError::Replayed));
    }
    if let Some(sealer) = &mut stream.leaving.sealer {
        sealer.restore(&sealed[0]).unwrap();
    }
    for seq in 30..50 {
        stream.by_learner(seq);
    }
    // And there again.
    module.install(&stream.recipe(3)).unwrap();
    stream.by_module(50, &left, &right);
    module.remove().unwrap();
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn srtp_changes_hands_in_mid_stream() {
    for (suite, mki) in [
        (Suite::AesCm128HmacSha1_80, &b""[..]),
        (Suite::AesCm128HmacSha1_32, b"\x01\x02\x03\x04"),
        (Suite::Aes192CmHmacSha1_80, b""),
        (Suite::Aes256CmHmacSha1_32, b""),
        (Suite::AeadAes128Gcm, b""),
        (Suite::AeadAes256Gcm, b"\x09"),
        (Suite::NullHmacSha1_80, b""),
    ] {
        to_and_fro(Some(setup(suite, 1, mki)), None);
        to_and_fro(None, Some(setup(suite, 2, mki)));
        to_and_fro(Some(setup(suite, 3, mki)), Some(setup(Suite::AesCm128HmacSha1_80, 4, b"")));
    }
}

#[test]
#[ignore = "runs in a guest: tests/vm/run"]
fn senders_that_are_not_for_the_module_go_to_the_socket() {
    drop(table());
    let (left, right, up) = (socket(LEFT), socket(RIGHT), socket(NEAR));
    let mut module = ModuleTable::open(Tables::default(), TABLE, Claim::Fresh, Clock::default()).unwrap();
    let keys = |seed| Some(setup(Suite::AesCm128HmacSha1_80, seed, b""));
    let mut stream = Stream { arriving: Ends::new(keys(1), 0), leaving: Ends::new(keys(2), 0) };
    stream.by_learner(1);
    // Sealed by the learner for another flow: the module cannot know how often its numbers went round.
    let other = rtp(0, 9, 77, 160);
    stream.leaving.seal(&other);
    module.install(&stream.recipe(1)).unwrap();
    stream.by_module(2, &left, &right);
    let wire = stream.arriving.seal(&other);
    left.send_to(&wire, NEAR).unwrap();
    assert_eq!(receive(&up), wire, "as it came");
    // Of those that nobody has heard, there is room for two more.
    for (ssrc, fits) in [(100, true), (101, true), (102, false)] {
        let wire = stream.arriving.seal(&rtp(0, 1, ssrc, 160));
        left.send_to(&wire, NEAR).unwrap();
        match fits {
            true => assert_eq!(stream.leaving.open(&receive(&right)).unwrap(), rtp(0, 1, ssrc, 160)),
            false => assert_eq!(receive(&up), wire),
        }
    }
    silent(&right);
    let counted = module.withdraw(stream.recipe(1).key, Generation(1)).unwrap();
    let known: Vec<u32> = counted.progress.opened.iter().map(|state| state.ssrc).collect();
    assert_eq!(known, [SSRC, 100, 101]);
    let mut feedback = stream.recipe(2);
    feedback.open = Some(Arc::new(setup(Suite::F8_128HmacSha1_80, 1, b"")));
    assert!(matches!(module.install(&feedback), Err(InstallError::Unsupported(_))));
    assert_eq!(module.flows().unwrap(), []);
}
