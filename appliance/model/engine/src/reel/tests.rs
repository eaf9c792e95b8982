use super::*;
use crate::flow::Flow;
use flow::{FlowKey, FlowSpec, Moment, Recorded};

fn flow(recorded: Option<Recorded>) -> Flow {
    Flow::new(&FlowSpec { recorded, ..crate::tests::spec(100, None, &[]) }, 0)
}

fn copied(passing: Passing) -> Copied {
    let local = FlowKey::new("192.0.2.1".parse().unwrap(), 100);
    Copied { at: Moment(5), passing, local, remote: "198.51.100.2:4000".parse().unwrap() }
}

#[test]
fn only_what_the_recording_has_is_copied() {
    let mut reel = Reel::default();
    reel.make_room();
    let mut neither = flow(None);
    let mut arriving = flow(Some(Recorded { id: 1, arriving: true, leaving: false }));
    let mut leaving = flow(Some(Recorded { id: 2, arriving: false, leaving: true }));
    for (nth, passing) in [
        Passing::In,
        Passing::Out,
        Passing::Dropped(DropReason::Blocked),
        Passing::Dropped(DropReason::UnknownSource),
        Passing::Dropped(DropReason::Forged),
    ]
    .into_iter()
    .enumerate()
    {
        for flow in [&mut neither, &mut arriving, &mut leaving] {
            reel.record(flow, &copied(passing), &[nth as u8]);
        }
    }
    let read: Vec<_> = wound(&reel.bytes).collect();
    let packet = |id, passing, byte: &'static [u8]| (id, Wound::Packet(copied(passing), byte));
    assert_eq!(
        read,
        [
            packet(1, Passing::In, &[0]),
            packet(2, Passing::Out, &[1]),
            packet(1, Passing::Dropped(DropReason::Blocked), &[2]),
        ]
    );
    assert_eq!(wound(&reel.bytes[..reel.bytes.len() - 1]).count(), 2, "one that is cut off is none");
}

#[test]
fn what_finds_no_room_is_said_of_its_recording_and_nothing_is_counted_twice() {
    let mut engine = Engine::new(4, 4);
    let [mut one, mut two] = [1, 2].map(|id| flow(Some(Recorded { id, arriving: true, leaving: false })));
    assert!(!engine.wants_reel(), "nothing is recorded");
    engine.reel.make_room();
    let room = engine.reel.bytes.capacity();
    for _ in 0..500 {
        engine.reel.record(&mut one, &copied(Passing::In), &[0; 1400]);
    }
    engine.reel.record(&mut two, &copied(Passing::In), &[0; 1400]);
    assert!(engine.wants_reel());
    assert_eq!(engine.reel.bytes.capacity(), room, "it does not grow");
    // The flow of the second ends while the reel is full.
    engine.reel.let_go(&mut two);
    let (full, lost) = engine.swap_reel(Vec::with_capacity(REEL));
    assert_eq!(lost, 0);
    assert!(!engine.wants_reel());
    engine.reel.record(&mut one, &copied(Passing::In), &[0; 10]);
    let (next, _) = engine.swap_reel(Vec::new());
    assert!(engine.wants_reel(), "this one has no room");
    let count = |reel: &[u8], of: u32| {
        wound(reel).filter(|(id, _)| *id == of).fold((0, 0), |(packets, lost), (_, what)| match what {
            Wound::Packet(..) => (packets + 1, lost),
            Wound::Lost(more) => (packets, lost + more),
        })
    };
    let ((first, none), (last, lost)) = (count(&full, 1), count(&next, 1));
    assert_eq!((first + lost, none, last), (500, 0, 1));
    assert!(lost > 0);
    assert_eq!(count(&full, 2), (0, 1));
    // With nowhere to say it, it is still counted.
    engine.reel.record(&mut two, &copied(Passing::In), &[0; 10]);
    engine.reel.let_go(&mut two);
    assert_eq!(engine.swap_reel(Vec::new()).1, 1);
    assert!(engine.is_reel_empty());
}
