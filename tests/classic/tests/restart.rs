//! Daemons that die, come back, and meet each other.

use classic::{Host, PATIENCE, say, stats, status, tables, targets};
use lab::{Call, Daemon, Pace, ng};
use std::time::{Duration, Instant};

#[test]
fn calls_of_a_killed_daemon_go_on_and_its_successor_adopts_them() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    let spec = || host.daemon().arg("--nftables-chain=rtpengine").arg("--timeout=4").arg("--log-level=7");
    let mut killed = spec().start()?;
    let mut client = killed.ng()?;
    let old = Call::set_up(&mut client, &host.net, "old", 4000)?;
    host.talk_until(2, &[&old])?;
    killed.process().kill();
    assert_eq!(status(42).map(|status| (status.pid, status.targets)), Some((0, 2)));
    old.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;

    let next = spec().start()?;
    assert!(next.log().contains("adopted 2 flows of 1 calls"), "{}", next.log());
    assert_eq!(status(42).map(|status| (status.pid, status.targets)), Some((next.pid(), 2)));
    let before = stats(42, "packets_forwarded");
    old.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    assert_eq!(stats(42, "packets_forwarded") - before, 100);

    // New calls beside it, on other ports.
    let mut client = next.ng()?;
    let new = Call::set_up(&mut client, &host.net, "new", 4010)?;
    host.talk_until(4, &[&old, &new])?;
    old.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    new.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    // Nobody speaks in the old call any more; in the new one they do.
    let deadline = Instant::now() + PATIENCE;
    // Its flows go first, and the log says so then.
    while targets(42) != 2 || !next.log().contains("adopted=yes") {
        assert!(Instant::now() < deadline, "{:?}\n{}", status(42), next.log());
        new.talk(10, Pace::SPEECH, PATIENCE)?;
    }
    let log = next.log();
    assert!(log.contains("have fallen silent"), "{log}");
    let line = log.lines().find(|line| line.contains("adopted=yes")).unwrap_or_default();
    assert!(line.contains("ci=-, ") && line.contains("reason=timeout"), "{log}");
    // Before the crash, after it, and beside the new call: all that the module has forwarded of it.
    for part in ["={local=198.51.100.1:", ", endpoint=198.51.100.10:4000, packets=1", "={local=203.0.113.1:"]
    {
        assert!(line.contains(part), "{part:?} is not in {line:?}");
    }
    new.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    next.stop()?;
    assert!(!tables().contains(&42));
    Ok(())
}

#[test]
fn an_adopted_call_ends_when_it_is_too_old() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let mut killed = host.daemon().start()?;
    let old = Call::set_up(&mut killed.ng()?, &host.net, "old", 4000)?;
    host.talk_until(2, &[&old])?;
    killed.process().kill();
    let next = host.daemon().arg("--final-timeout=5").start()?;
    let deadline = Instant::now() + 2 * PATIENCE;
    while targets(42) > 0 {
        assert!(Instant::now() < deadline, "{:?}\n{}", status(42), next.log());
        old.talk(5, Pace::SPEECH, Duration::from_millis(100))?;
    }
    let log = next.stop()?;
    let line = log.lines().find(|line| line.contains("adopted=yes")).unwrap_or_default();
    assert!(line.contains("reason=final_timeout"), "{log}");
    Ok(())
}

#[test]
fn a_stop_that_keeps_flows_leaves_them_to_the_next_start() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    let folder = std::env::temp_dir().join(format!("classic-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("keep.toml");
    std::fs::write(
        &file,
        "[control]\nlisten-ng = [\"127.0.0.1:2223\"]\n[kernel]\ntable = 42\nnftables-chain = \"rtpengine\"\nkeep-flows = true\n\
         [process]\nforeground = true\n[log]\nstderr = true\n\
         [[interface]]\nname = \"caller\"\naddress = \"198.51.100.1\"\n\
         [[interface]]\nname = \"callee\"\naddress = \"203.0.113.1\"\n",
    )
    .unwrap();
    let spec = || Daemon::within(&host.net.relay).bare().arg(format!("--config-file={}", file.display()));
    let first = spec().start()?;
    let mut client = first.ng()?;
    let call = Call::set_up(&mut client, &host.net, "kept", 4000)?;
    host.talk_until(2, &[&call])?;
    first.stop()?;
    assert_eq!(status(42).map(|status| (status.pid, status.targets)), Some((0, 2)));
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    let second = spec().start()?;
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    assert_eq!(targets(42), 2);
    second.stop()?;
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    // An ordinary start and stop clears it away.
    let last = host.daemon().arg("--nftables-chain=rtpengine").start()?;
    assert_eq!(targets(42), 2);
    last.stop()?;
    assert!(!tables().contains(&42));
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

#[test]
fn a_table_that_somebody_owns_is_left_alone_and_its_owner_named() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::new(42)?;
    let owner = host.daemon().interfaces(&["caller/198.51.100.1", "callee/203.0.113.1"]).start()?;
    let named = format!("kernel table 42 is owned by process {}", owner.pid());
    let elsewhere = || {
        host.daemon().control(([127, 0, 0, 1], 2323).into()).arg("--port-min=50000").arg("--port-max=50099")
    };
    let refused = elsewhere().arg("--no-fallback").start().unwrap_err().to_string();
    assert!(refused.contains("255") && refused.contains(&named), "{refused}");
    assert!(refused.contains("fallback is disallowed"), "{refused}");
    let second = elsewhere().start()?;
    assert!(second.log().contains(&named), "{}", second.log());
    let call = Call::set_up(&mut second.ng()?, &host.net, "sockets", 4000)?;
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    assert_eq!(targets(42), 0);
    second.stop()?;
    assert_eq!(status(42).unwrap().pid, owner.pid());
    owner.stop()?;
    Ok(())
}

#[test]
fn without_the_module_sockets_serve_or_the_start_fails_with_the_reason() -> lab::Result<()> {
    lab::need_module!();
    let host = Host::bare(42)?;
    // What a test that failed has left.
    tables().iter().for_each(|table| drop(say(&format!("del {table}"))));
    // Rules of tests before are gone with their namespaces, a moment later.
    let deadline = Instant::now() + PATIENCE;
    while std::path::Path::new("/proc/rtpengine").exists() {
        assert!(Instant::now() < deadline, "the module does not go: tables {:?}", tables());
        let _ = std::process::Command::new("rmmod").arg("xt_RTPENGINE").output();
    }
    let refused = host.daemon().arg("--no-fallback").start().unwrap_err().to_string();
    assert!(refused.contains("255") && refused.contains("modprobe xt_RTPENGINE"), "{refused}");
    let mut daemon = host.daemon().arg("--nftables-chain=rtpengine").start()?;
    let log = daemon.log();
    assert!(log.contains("kernel table 42 cannot be used: the kernel module is not loaded"), "{log}");
    assert!(log.contains("served by the daemon's sockets"), "{log}");
    daemon.ok(&ng::request("ping"))?;
    let call = Call::set_up(&mut daemon.ng()?, &host.net, "sockets", 4000)?;
    call.talk_perfectly(50, Pace::SPEECH, PATIENCE)?;
    daemon.stop()?;
    assert!(lab::missing_module().is_none(), "it is loaded again for the others");
    Ok(())
}
