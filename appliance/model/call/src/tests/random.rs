use super::world::*;
use crate::Doomed;
use crate::{Delete, Settings};
use flow::Micros;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Say { offer: bool, from: usize, to: Option<usize>, port: u16, hold: bool, mux: bool, video: u16 },
    Delete { from: Option<usize>, to: Option<usize> },
    Wait(u64),
}

const TAGS: [&str; 4] = ["a", "b", "c", "d"];

fn step() -> impl Strategy<Value = Step> {
    let tag = 0..TAGS.len();
    prop_oneof![
        6 => (any::<bool>(), tag.clone(), prop::option::of(tag.clone()), 4000u16..4006, any::<bool>(), any::<bool>(), 0u16..3)
            .prop_map(|(offer, from, to, port, hold, mux, video)| Step::Say { offer, from, to, port, hold, mux, video }),
        1 => (prop::option::of(tag.clone()), prop::option::of(tag)).prop_map(|(from, to)| Step::Delete { from, to }),
        1 => (0u64..100).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever clients say in whatever order: every port that is opened is withdrawn once when the call is gone, what
    /// leaves leaves through an open port, and nothing panics.
    #[test]
    fn ports_are_conserved(steps in prop::collection::vec(step(), 1..40), pairs in 1u16..30) {
        let mut world = World::with(Settings::default(), pairs);
        for step in steps {
            match step {
                Step::Say { offer, from, to, port, hold, mux, video } => {
                    let mut body = audio(if hold { "0.0.0.0" } else { A }, port, if mux { "a=rtcp-mux\n" } else { "" });
                    if video > 0 {
                        body.push_str(&format!("m=video {} RTP/AVP 97\n", if video == 1 { 0 } else { port + 100 }));
                    }
                    let to = to.map(|t| TAGS[t]).or((!offer).then_some("z"));
                    let _ = world.say(offer, (TAGS[from], to), &body, |_| {});
                }
                Step::Delete { from, to } => {
                    let wanted = Delete {
                        call_id: b"call",
                        from_tag: from.map(|t| TAGS[t].as_bytes()),
                        to_tag: to.map(|t| TAGS[t].as_bytes()),
                        via_branch: None,
                        delay: Some(Micros(0)),
                    };
                    if let Some(doomed) = world.book.doom(&wanted, world.now) {
                        world.apply(|book, outside| book.carry_out(doomed, outside));
                        if matches!(doomed, Doomed::Call(..)) {
                            world.book.remove(doomed.number(), &mut crate::Changes::default());
                        }
                    }
                }
                Step::Wait(secs) => world.now = world.now + Micros::from_secs(secs),
            }
            for flow in world.flows.values() {
                for out in flow.rtp.iter().chain(&flow.rtcp) {
                    prop_assert!(world.flows.contains_key(&out.egress), "{} leaves through a closed port", flow.key);
                    prop_assert_ne!(out.egress, flow.key, "nothing is sent back where it came from");
                }
            }
        }
        if let Some(number) = world.book.number(b"call") {
            let mut changes = crate::Changes::default();
            world.book.remove(number, &mut changes);
            world.carry_out(changes);
        }
        prop_assert!(world.flows.is_empty());
        let (mut opened, mut closed) = (world.ports.taken.clone(), world.withdrawn.clone());
        opened.sort_unstable();
        closed.sort_unstable();
        prop_assert_eq!(opened, closed);
    }
}
