//! What operators and their scripts say to the daemon and read of it. The forms are those a real rtpengine prints.

use lab::{Call, Daemon, Topology, Value, call};
use lifecycle::{PATIENCE, line};
use std::time::{Duration, Instant};

#[test]
fn scripts_read_what_they_always_read() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    assert_eq!(line(&mut client, "list sessions all")?, "No sessions on this media relay.\n");
    assert_eq!(line(&mut client, "list sessions x")?, "\nCall ID not found (x).\n\n");
    let call = Call::set_up(&mut client, &net, "x1", 4000)?;
    call.talk_perfectly(5, lab::Pace::BRISK, PATIENCE)?;
    let sessions = line(&mut client, "list sessions own")?;
    assert!(sessions.starts_with(&format!("ID: {:>60} | del:n | creat:  1", "x1")), "{sessions}");
    assert!(
        sessions.contains(" | prx:127.0.0.1:") && sessions.ends_with(" | redis:-1 | frgn:n | rec:n\n"),
        "{sessions}"
    );
    assert_eq!(line(&mut client, "list numsessions")?.lines().nth(2), Some("Current sessions total: 1"));
    let full = line(&mut client, "list sessions x1")?;
    let port = call.alice.remote().expect("it has an aim").port();
    for part in [
        "\ncallid: x1\ndeletionmark: no\ncreated: 1",
        "--- Tag 'alice', type: FROM_TAG, label '', branch '', callduration ",
        "---     subscribed to media with monologue tag 'bob' (index: 1)\n",
        "------ Media #1 (audio over RTP/AVP) using PCMU/8000\n",
        &format!(
            "-------- Port    198.51.100.1:{port:<5} <>   198.51.100.10:4000 , SSRC a000fa0, 5 p, 860 b, 0 e, 1"
        ),
        "--- Tag 'bob', type: TO_TAG, ",
        "  (RTCP), SSRC ",
    ] {
        assert!(full.contains(part), "{part:?} is not in\n{full}");
    }
    assert_eq!(line(&mut client, "call x1 info")?.lines().count(), full.lines().count());
    assert!(
        line(&mut client, "list counters")?
            .contains("\n Errors per second (total)                       :0\n")
    );
    let totals = line(&mut client, "list totals")?;
    assert!(totals.contains("\n Userspace-only media streams                    :2\n"), "{totals}");
    let heading = totals.lines().find(|line| line.trim_start().starts_with("Proxy |")).unwrap_or_default();
    assert!(heading.ends_with(" |    CrtAnsw "), "{heading:?}");
    client.ok(&call::offer("x2", ([198, 51, 100, 10], 4100).into()))?;
    let sessions = line(&mut client, "list sessions all")?;
    let at = |id: &str| sessions.find(&format!(" {id} | del:n")).expect("it is listed");
    assert!(at("x2") < at("x1"), "the newest first: {sessions}");
    client.ok(&call::delete("x2"))?;
    // Ports are free once their packet thread has closed them, soon after the reply.
    let (mut interfaces, patience) = (line(&mut client, "list interfaces")?, Instant::now() + PATIENCE);
    while !interfaces.contains("\n Ports used:     2 / ") && Instant::now() < patience {
        interfaces = line(&mut client, "list interfaces")?;
    }
    assert!(
        interfaces.starts_with("Interface 'caller' address '198.51.100.1' (IPv4)\n Port range: "),
        "{interfaces}"
    );
    assert!(interfaces.contains("\n Ports used:     2 / "), "{interfaces}");
    let totals = line(&mut client, "list totals")?;
    assert!(totals.contains("\n Total managed sessions                          :1\n"), "{totals}");
    assert!(totals.contains("\n Total relayed packets                           :10\n"), "{totals}");
    let explained = line(&mut client, "explain x1")?;
    assert!(
        explained.contains("path: userspace (userspace-mode): the daemon's sockets relay it"),
        "{explained}"
    );
    for (said, answer) in [
        ("list maxsessions", "Maximum sessions configured on rtpengine: -1\n"),
        ("set maxsessions 7", "Success setting maxsessions to 7\n"),
        ("set maxsessions x", "Fail setting maxsessions to x; no digits found\n"),
        ("set timeout 61", "Success setting timeout to 61\n"),
        ("list timeout", "TIMEOUT=61\n"),
        ("params diff", "max-sessions: -1 => 7\ntimeout: 60000000 => 61000000\n"),
        ("params revert", "2 parameters reverted\n"),
        ("params diff", ""),
        ("set loglevel ice 7", "Success setting loglevel to 7\n"),
        ("list loglevel ice", "7\n"),
        ("set loglevel dtx 7", "Success setting loglevel to 7\n"),
        ("set loglevel nothing 7", "Unknown log level subsystem: nothing\n"),
        ("set controltos 500", "Invalid control-tos value 500, must be between 0 and 255\n"),
        ("debug x1 on", "Enabled debugging for call 'x1'\n"),
        ("debug x1 perhaps", "Invalid on/off flag ('perhaps') specified\n"),
        ("call x1 debug", "Enabled debugging for call 'x1'\n"),
        ("call x1 debug off", "Disabled debugging for call 'x1'\n"),
        ("call x1 tag", "More parameters required.\n"),
        ("kslist", "Keyspace notification feature has not been configured.\n"),
        ("active", "Ok, all calls set to 'owned (active)'\n"),
        ("list", "More parameters required.\n"),
        ("no such thing", "Unknown command: no\n"),
        ("terminate x1", "\nCall Id (x1) successfully terminated by operator.\n\n"),
        ("terminate x1", "\nCall Id not found (x1).\n\n"),
        ("terminate all", "All calls terminated by operator.\n"),
    ] {
        assert_eq!(line(&mut client, said)?, answer, "{said}");
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn messages_of_a_debugged_call_are_logged_without_keys() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let secure = lab::sdp::Builder::new(net.caller.peer_v4.into())
        .media("audio", 4000, "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz");
    let offer = call::offer("x1", (net.caller.peer_v4, 4000).into()).set("sdp", secure.text());
    client.ok(&offer)?;
    line(&mut client, "debug x1 on")?;
    client.ok(&offer)?;
    let log = daemon.stop()?;
    assert!(log.contains("request: {") && log.contains("m=audio 4000 RTP/SAVP"), "{log}");
    assert!(log.contains("inline:(hidden)") && !log.contains("inline:WVN"), "{log}");
    Ok(())
}

#[test]
fn a_daemon_that_drains_takes_no_call_and_ends_with_the_last() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let offer = |id| call::offer(id, ([198, 51, 100, 10], 4000).into());
    client.ok(&offer("one"))?;
    assert!(line(&mut client, "drain stay")?.ends_with("Calls left: 1\n"));
    assert_eq!(client.refused(&offer("two"))?, "Parallel session limit reached");
    let polite = client.ask(&offer("two").set("supports", Value::list(["load limit"])))?;
    assert_eq!(polite.text("result"), Some("load limit"), "{polite:?}");
    assert!(line(&mut client, "undrain")?.starts_with("Not draining"));
    client.ok(&offer("two"))?;
    client.ok(&call::delete("two"))?;
    line(&mut client, "drain")?;
    // What is up goes on.
    client.ok(&offer("one"))?;
    client.ok(&call::delete("one"))?;
    daemon.process().wait_for_log("drained: the last call has ended", PATIENCE + Duration::from_secs(5))?;
    Ok(())
}
