//! The workflow that operators type, with the daemon in it.

use classic::{Host, PATIENCE, list, say, stats, status, tables, targets, udp_delivered};
use lab::{Call, CallSpec, Family, Pace, call, ng};
use std::process::Command;
use std::time::{Duration, Instant};

const EBUSY: i32 = 16;

#[test]
fn a_table_made_by_hand_is_owned_filled_emptied_and_removed() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    say("add 42").unwrap();
    assert!(tables().contains(&42));
    let daemon = host.daemon().arg("--no-fallback").start()?;
    let pid = daemon.pid();
    assert_eq!(status(42).map(|status| (status.pid, status.targets)), Some((pid, 0)));
    assert_eq!(say("del 42").unwrap_err().raw_os_error(), Some(EBUSY));
    let mut client = daemon.ng()?;
    let talk = Call::set_up(&mut client, &host.net, "one", 4000)?;
    host.talk_until(2, &[&talk])?;
    // Payload types are shown once a packet has come this way.
    talk.talk(5, Pace::SPEECH, PATIENCE)?;
    let text = list(42);
    for line in [
        "local inet4 198.51.100.1:",
        "local inet4 203.0.113.1:",
        "dst inet4 203.0.113.10:4000",
        "RTP payload type   0:",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    let unload = Command::new("rmmod").arg("xt_RTPENGINE").output().unwrap();
    assert!(!unload.status.success());

    // The fast path is what forwards: its counters move, and no socket is given a media packet.
    let (forwarded, delivered) = (stats(42, "packets_forwarded"), udp_delivered(&host)?);
    talk.talk_perfectly(100, Pace::SPEECH, PATIENCE)?;
    assert_eq!(stats(42, "packets_forwarded") - forwarded, 200);
    let by_sockets = udp_delivered(&host)? - delivered;
    assert!(by_sockets < 10, "{by_sockets} datagrams came to sockets");

    // `query` counts both paths together.
    let state = client.ok(&ng::request("query").set("call-id", "one"))?;
    let sent = state.int("tags/alice/medias/0/streams/0/stats/packets").unwrap();
    let received = state.int("tags/bob/medias/0/streams/0/stats_out/packets").unwrap();
    assert!(sent >= 105 && sent == received, "{sent} in, {received} out: {state:?}");

    talk.delete(&mut client)?;
    let deadline = Instant::now() + PATIENCE;
    while targets(42) > 0 && Instant::now() < deadline {
        client.ok(&ng::request("ping"))?;
    }
    assert_eq!((targets(42), list(42).as_str()), (0, ""));
    daemon.stop()?;
    assert!(!tables().contains(&42), "the table is removed with its daemon");
    Ok(())
}

#[test]
fn both_families_and_between_them() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let daemon = host.daemon().start()?;
    let mut client = daemon.ng()?;
    for (number, families) in
        [[Family::V6, Family::V6], [Family::V4, Family::V6], [Family::V6, Family::V4]].into_iter().enumerate()
    {
        let id = format!("families-{number}");
        let call = CallSpec::new(id, 4100).families(families).set_up(&mut client, &host.net)?;
        call.talk(5, Pace::SPEECH, PATIENCE)?;
        if families[0] == families[1] {
            host.talk_until(2, &[&call])?;
            let before = stats(42, "packets_forwarded");
            call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
            assert_eq!(stats(42, "packets_forwarded") - before, 100, "{families:?}");
        } else {
            call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
        }
        call.delete(&mut client)?;
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn three_hundred_calls_are_six_hundred_targets() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let daemon = host.daemon().start()?;
    let mut client = daemon.ng()?;
    let calls: Vec<Call> = (0..300)
        .map(|number| Call::set_up(&mut client, &host.net, &format!("many-{number}"), 4000 + 2 * number))
        .collect::<lab::Result<_>>()?;
    let deadline = Instant::now() + Duration::from_secs(120);
    let stream = lab::Stream::new(7, 60_000);
    let mut index = 0;
    while targets(42) != 600 {
        assert!(Instant::now() < deadline, "{:?}\n{}", status(42), daemon.log());
        for call in &calls {
            call.alice.send_one(&stream, index)?;
            call.bob.send_one(&stream, index)?;
        }
        index += 1;
        Pace::Every(Duration::from_millis(200)).wait(Instant::now(), 1);
    }
    assert_eq!(list(42).matches("local inet4 ").count(), 600);
    calls.iter().for_each(|call| drop((call.alice.discard(), call.bob.discard())));
    for call in calls.iter().step_by(50) {
        call.talk_perfectly(20, Pace::SPEECH, PATIENCE)?;
    }
    for call in calls {
        client.ok(&call::delete(&call.id))?;
    }
    let deadline = Instant::now() + PATIENCE;
    while targets(42) > 0 && Instant::now() < deadline {
        client.ok(&ng::request("ping"))?;
    }
    assert_eq!(targets(42), 0);
    daemon.stop()?;
    Ok(())
}

#[test]
fn two_instances_have_a_table_an_address_and_a_control_port_each() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let relay = &host.net.relay;
    for (device, address) in [("caller", "198.51.100.2/24"), ("callee", "203.0.113.2/24")] {
        relay.ip(&["addr", "add", address, "dev", device])?;
    }
    relay.run(&["iptables", "-A", "INPUT", "-p", "udp", "-j", "RTPENGINE", "--id", "43"])?;
    let one = host.daemon().interfaces(&["caller/198.51.100.1", "callee/203.0.113.1"]).start()?;
    let two = host
        .daemon()
        .arg("--table=43")
        .interfaces(&["caller/198.51.100.2", "callee/203.0.113.2"])
        .control(([127, 0, 0, 1], 2323).into())
        .start()?;
    assert_eq!(status(42).unwrap().pid, one.pid());
    assert_eq!(status(43).unwrap().pid, two.pid());
    let (mut first, mut second) = (one.ng()?, two.ng()?);
    let calls =
        [Call::set_up(&mut first, &host.net, "a", 4000)?, Call::set_up(&mut second, &host.net, "a", 4010)?];
    classic::placed(42, 2, &[&calls[0], &calls[1]])?;
    classic::placed(43, 2, &[&calls[0], &calls[1]])?;
    let before = [42, 43].map(|table| stats(table, "packets_forwarded"));
    for call in &calls {
        call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    }
    assert_eq!([42, 43].map(|table| stats(table, "packets_forwarded")), before.map(|count| count + 100));
    one.stop()?;
    assert_eq!(targets(43), 2, "the other one's flows stay");
    calls[1].talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    two.stop()?;
    assert!(!tables().contains(&42) && !tables().contains(&43));
    Ok(())
}
