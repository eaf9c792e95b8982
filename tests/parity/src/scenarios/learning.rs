//! How the relay learns where a party is. Packets come from the callee's side; where the caller's next packet goes
//! shows what was learned.

use crate::packet::rtp;
use crate::scenario::{A, B, send};
use crate::{CallShape, End, Learning, Place, Scenario, Signal, Step, Told};

pub(super) fn list() -> Vec<Scenario> {
    let scenario = |name, call, steps| Scenario { name, call, steps };
    let call = CallShape::default;
    let learns = |learning| call().callee(|leg| leg.learning = learning);
    let mut hold = call();
    hold.legs[0].told = Told::Hold;
    vec![
        scenario("the_told_source_decides_at_once_and_others_are_heard", call(), exact()),
        scenario("a_better_source_wins_within_three_seconds", call(), better()),
        scenario("the_best_source_seen_is_kept_after_three_seconds", call(), best_after()),
        scenario("the_first_source_after_three_seconds_is_kept", call(), late()),
        scenario("learning_immediate_takes_the_first_source", learns(Learning::Immediate), immediate()),
        scenario(
            "learning_delayed_takes_the_source_after_three_seconds",
            learns(Learning::Delayed),
            delayed(),
        ),
        scenario("learning_off_keeps_the_told_address", learns(Learning::Off), off()),
        scenario("nothing_is_sent_to_an_address_of_zeros", hold, on_hold()),
        scenario("an_offer_again_keeps_what_was_learned", call(), again()),
    ]
}

/// The callee's packet from `place` is heard, and then the caller's goes to `goes`.
fn turn(seq: u16, place: Place, goes: Place) -> [Step; 2] {
    let end = |place| -> End { B.at(place) };
    [send(end(place), &rtp(seq).bytes()).reaches(A), send(A, &rtp(1000 + seq).bytes()).reaches(end(goes))]
}

fn turns(list: &[(Place, Place)]) -> Vec<Step> {
    list.iter().zip(1..).flat_map(|(&(place, goes), seq)| turn(seq, place, goes)).collect()
}

fn exact() -> Vec<Step> {
    use Place::*;
    turns(&[(Told, Told), (Stranger, Told), (OtherPort, Told), (OtherAddress, Told)])
}

fn better() -> Vec<Step> {
    use Place::*;
    turns(&[
        (Stranger, Stranger),
        (OtherAddress, OtherAddress),
        (Stranger, OtherAddress),
        (OtherPort, OtherPort),
        (OtherAddress, OtherPort),
        (Told, Told),
        (OtherPort, Told),
    ])
}

fn best_after() -> Vec<Step> {
    use Place::*;
    let mut steps = turns(&[(Stranger, Stranger), (OtherPort, OtherPort)]);
    steps.push(Step::LearningIsOver);
    steps.extend(turns(&[(Stranger, OtherPort), (Told, OtherPort)]));
    steps
}

fn late() -> Vec<Step> {
    use Place::*;
    let mut steps = vec![Step::LearningIsOver];
    steps.extend(turns(&[(Stranger, Stranger), (Told, Stranger)]));
    steps
}

fn immediate() -> Vec<Step> {
    use Place::*;
    turns(&[(Stranger, Stranger), (Told, Stranger)])
}

fn delayed() -> Vec<Step> {
    use Place::*;
    let mut steps = turns(&[(Told, Told), (Stranger, Stranger), (Told, Told)]);
    steps.push(Step::LearningIsOver);
    steps.extend(turns(&[(OtherPort, OtherPort), (Told, OtherPort)]));
    steps
}

fn off() -> Vec<Step> {
    use Place::*;
    turns(&[(Stranger, Told), (Told, Told), (OtherPort, Told)])
}

/// The holder may send (music, say); that shows where it is, but not that it wants to hear.
fn on_hold() -> Vec<Step> {
    vec![
        send(B, &rtp(1).bytes()).ends(),
        send(A, &rtp(1).bytes()).reaches(B),
        send(B, &rtp(2).bytes()).ends(),
    ]
}

/// A gap at every re-INVITE would be heard.
fn again() -> Vec<Step> {
    use Place::*;
    let mut steps = vec![Step::LearningIsOver];
    steps.extend(turns(&[(Stranger, Stranger)]));
    steps.push(Step::Signal(Signal::Again));
    steps.push(send(A, &rtp(50).bytes()).reaches(B.at(Stranger)));
    steps.extend(turns(&[(Stranger, Stranger)]));
    steps
}
