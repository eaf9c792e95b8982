//! DTLS-SRTP on one side, RTP on the other: keys are made, and media goes both ways.
#![allow(clippy::unwrap_used, reason = "a test")]

use handshakes_lab::{Phone, Result, SecureCall, counted};
use lab::{Daemon, Topology};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_phone_with_dtls_talks_to_a_plain_one_whoever_begins_the_handshake() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    for (number, dtls) in [(0, None), (1, Some("passive"))] {
        let mut call = SecureCall::new(&net, &format!("call-{number}"), 4000 + 10 * number)?;
        let sdp = call.phone.sdp("actpass");
        call.say(&mut client, sdp, dtls)?;
        call.phone.shake(PATIENCE)?;
        call.until_heard(PATIENCE)?;
        call.talk_perfectly(100, PATIENCE)?;
    }
    assert_eq!(counted(&mut client, "dtls-done")?, 2);
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_phone_that_begins_before_its_answer_has_come_gets_its_keys_after_it() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let mut call = SecureCall::new(&net, "early", 4000)?;
    call.ring(&mut client)?;
    // To its end; only who it was is still to be found out.
    call.phone.shake(PATIENCE)?;
    assert_eq!(counted(&mut client, "dtls-done")?, 0, "nobody knows yet who it is");
    assert!(call.until_heard(Duration::from_millis(200)).is_err(), "so it is not heard");
    call.pick_up(&mut client)?;
    call.until_heard(PATIENCE)?;
    assert_eq!(counted(&mut client, "dtls-done")?, 1, "and need not shake hands again");
    call.talk_perfectly(100, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_new_certificate_in_the_middle_of_a_call_gets_new_keys() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    for (number, dtls) in [(0, None), (1, Some("passive"))] {
        let mut call = SecureCall::new(&net, &format!("call-{number}"), 4000 + 10 * number)?;
        let sdp = call.phone.sdp("actpass");
        call.say(&mut client, sdp.clone(), dtls)?;
        call.phone.shake(PATIENCE)?;
        call.until_heard(PATIENCE)?;
        // The same again: the association goes on.
        call.say(&mut client, sdp, dtls)?;
        call.talk_perfectly(50, PATIENCE)?;
        assert_eq!(counted(&mut client, "dtls-done")?, 2 * number as u64 + 1);

        call.phone.change_certificate()?;
        let sdp = call.phone.sdp("actpass");
        call.say(&mut client, sdp, dtls)?;
        call.phone.shake(PATIENCE)?;
        call.until_heard(PATIENCE)?;
        call.talk_perfectly(50, PATIENCE)?;
        assert_eq!(counted(&mut client, "dtls-done")?, 2 * number as u64 + 2);
    }
    daemon.stop()?;
    Ok(())
}

/// A new association is a new crypto context: its rollover counter is zero whatever the one before it had come to.
#[test]
fn a_new_certificate_after_the_numbers_have_wrapped_is_heard_on_both_sides() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let mut call = SecureCall::new(&net, "wrapped", 4000)?;
    let sdp = call.phone.sdp("actpass");
    call.say(&mut client, sdp, None)?;
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    for first in [20_000, 50_000, 65_500, 30_000, 62_000, 65_500] {
        call.talk_from(first, 100, PATIENCE)?.iter().for_each(lab::Report::assert_perfect);
    }
    call.phone.change_certificate()?;
    let sdp = call.phone.sdp("actpass");
    call.say(&mut client, sdp, None)?;
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    call.talk_from(1000, 50, PATIENCE)?.iter().for_each(lab::Report::assert_perfect);
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_wrong_fingerprint_gets_no_media_through_and_the_right_one_mends_it() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let mut call = SecureCall::new(&net, "liar", 4000)?;
    let other = Phone::new(&net.caller.ns, (net.caller.peer_v4, 4100).into())?;
    let lie = call.phone.sdp_with_print("actpass", other.print());
    call.say(&mut client, lie, Some("passive"))?;
    // The phone may think that it has keys; it is judged by what it showed.
    let _ = call.phone.shake(PATIENCE);
    if call.phone.has_keys() {
        assert!(call.until_heard(Duration::from_millis(300)).is_err());
    }
    assert_eq!(counted(&mut client, "dtls-failed-wrong-fingerprint")?, 1);
    assert_eq!(counted(&mut client, "dtls-done")?, 0);

    call.phone.begin_anew();
    let truth = call.phone.sdp("actpass");
    call.say(&mut client, truth, Some("passive"))?;
    call.phone.shake(PATIENCE)?;
    call.until_heard(PATIENCE)?;
    call.talk_perfectly(50, PATIENCE)?;
    daemon.stop()?;
    Ok(())
}
