use super::*;
use crate::worker::{LONGEST, Parcel};

const STUN: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const DTLS: [u8; 13] = [22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1];

/// What the agents' thread waits in.
struct Agents {
    punted: Arc<Punted>,
    poll: Poll,
}

impl Agents {
    fn of(lab: &Lab) -> Agents {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let punted = lab.pool.punted();
        assert!(punted.listen(waker));
        Agents { punted, poll }
    }

    fn next(&mut self) -> (PuntReason, FlowKey, SocketAddr, Vec<u8>) {
        let mut events = Events::with_capacity(4);
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.punted.look();
            let read = |letter: &Letter| (letter.what, letter.local, letter.remote, letter.bytes().to_vec());
            if let Some(letter) = self.punted.read(read) {
                return letter;
            }
            let left = deadline.checked_duration_since(Instant::now()).unwrap();
            self.poll.poll(&mut events, Some(left)).unwrap();
        }
    }
}

fn dropped(lab: &Lab, key: FlowKey, reason: DropReason) -> u64 {
    lab.snapshot(0, key).counters.drops[reason as usize]
}

#[test]
fn stun_and_dtls_go_to_the_agents_and_media_to_the_peer() {
    let lab = Lab::new(1);
    let mut agents = Agents::of(&lab);
    let (a, b, other) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |spec| {
        spec.handshakes = true;
        spec.gate = Gate::Strict;
    });
    a.send(facing_a, &DTLS);
    assert_eq!(agents.next(), (PuntReason::Dtls, facing_a, a.at, DTLS.to_vec()));
    a.send(facing_a, &rtp(1));
    b.hears(&rtp(1), facing_b);
    // An agent hears of addresses that are not the peer's, and they teach nothing.
    other.send(facing_a, &STUN);
    assert_eq!(agents.next(), (PuntReason::Stun, facing_a, other.at, STUN.to_vec()));
    let seen = lab.snapshot(0, facing_a);
    assert_eq!((seen.peer, seen.counters.received.packets), (Some(a.at), 1));
    assert_eq!(lab.pool.totals(0, PATIENCE).unwrap().punted, 2);
}

#[test]
fn what_agents_send_leaves_from_the_port_if_it_has_a_flow() {
    let lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, _] = lab.pair(0, a.at, b.at, |spec| spec.handshakes = true);
    let idle = lab.open(0, "127.0.0.1");
    let parcel = |from, bytes: &[u8]| Parcel { from, to: a.at, bytes: bytes.into() };
    let mut parcels = vec![parcel(idle, &[9]), parcel(facing_a, &[0; 5000])];
    parcels.extend((0..200).map(|n| parcel(facing_a, &[n; 30])));
    lab.pool.posts()[0].send(parcels).unwrap();
    for n in 0..200 {
        a.hears(&[n; 30], facing_a);
    }
    // Those that look like DTLS (RFC 7983) are counted.
    let counted = Traffic { packets: 44, bytes: 44 * 30, errors: 0 };
    assert_eq!(lab.snapshot(0, facing_a).counters.sent, counted);
}

#[test]
fn a_flood_fills_the_queue_and_is_counted_and_media_goes_on() {
    let lab = Lab::new(1);
    let (a, b) = (Party::new("127.0.0.1"), Party::new("127.0.0.1"));
    let [facing_a, facing_b] = lab.pair(0, a.at, b.at, |spec| spec.handshakes = true);
    a.send(facing_a, &STUN);
    a.send(facing_a, &rtp(0));
    b.hears(&rtp(0), facing_b);
    assert_eq!(dropped(&lab, facing_a, DropReason::AgentsBusy), 1, "nobody listens yet");
    let mut agents = Agents::of(&lab);
    let mut last = 0;
    for seq in 1..=200 {
        (0..10).for_each(|_| a.send(facing_a, &STUN));
        a.send(facing_a, &rtp(seq));
        b.hears(&rtp(seq), facing_b);
        last = seq;
    }
    assert_eq!(last, 200);
    let refused = dropped(&lab, facing_a, DropReason::AgentsBusy) - 1;
    let mut read = 0;
    while agents.punted.read(|_| ()).is_some() {
        read += 1;
    }
    assert_eq!((read, refused), (1024, 2000 - 1024));
    // There is room again.
    a.send(facing_a, &DTLS);
    assert_eq!(agents.next().0, PuntReason::Dtls);
    let long = [&STUN[..], &[0; LONGEST]].concat();
    a.send(facing_a, &long);
    a.send(facing_a, &rtp(201));
    b.hears(&rtp(201), facing_b);
    assert_eq!(dropped(&lab, facing_a, DropReason::TooLong), 1);
}
