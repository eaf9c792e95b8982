//! How the daemon starts and ends.

use lab::{Call, Daemon, Pace, Signal, Topology, call, ng};
use lifecycle::PATIENCE;
use std::time::{Duration, Instant};

#[test]
fn it_answers_within_a_second_of_its_start() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let spec = Daemon::on(&net);
    // Building it is not starting it.
    let binary = lab::daemon_binary()?;
    let start = Instant::now();
    let daemon = spec.binary(binary).start()?;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}\n{}", daemon.log());
    daemon.stop()?;
    Ok(())
}

#[test]
fn sigterm_and_sigint_end_it_well_while_calls_talk() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut daemon = Daemon::on(&net).start()?;
        let mut client = daemon.ng()?;
        let calls: Vec<Call> = (0..5)
            .map(|number| Call::set_up(&mut client, &net, &format!("talking-{number}"), 4000 + 10 * number))
            .collect::<lab::Result<_>>()?;
        for call in &calls {
            call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
        }
        client.ok(&call::offer("ringing", ([198, 51, 100, 10], 5000).into()))?;
        let stream = lab::Stream::new(1, 100);
        let took = std::thread::scope(|scope| {
            let talking = scope.spawn(|| {
                // After the end nobody listens any more, which is no failure of the sender.
                calls.iter().for_each(|call| drop(call.alice.send(&stream, 0..100, Pace::BRISK)));
            });
            let start = Instant::now();
            daemon.process().signal(signal)?;
            let status = daemon.process().wait(Duration::from_secs(2))?;
            assert_eq!(status.code(), Some(0), "{signal}: {status}\n{}", daemon.log());
            let took = start.elapsed();
            drop(talking.join());
            lab::Result::Ok(took)
        })?;
        assert!(took < Duration::from_secs(2), "{signal}: {took:?}");
    }
    Ok(())
}

#[test]
fn a_killed_one_is_replaced_at_once_on_the_same_ports() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    // Room for exactly four calls: all ports of the dead daemon are needed again.
    let spec = || Daemon::on(&net).arg("--port-min=30000").arg("--port-max=30007");
    let mut daemon = spec().start()?;
    let set_up = |client: &mut ng::Client, round: u16| -> lab::Result<Vec<Call>> {
        let one = |number: u16| {
            Call::set_up(client, &net, &format!("call-{round}-{number}"), 4000 + 100 * round + 10 * number)
        };
        (0..4).map(one).collect()
    };
    let before = set_up(&mut daemon.ng()?, 0)?;
    before[0].talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    daemon.process().kill();

    let binary = lab::daemon_binary()?;
    let start = Instant::now();
    let daemon = spec().binary(binary).start()?;
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let mut client = daemon.ng()?;
    let reason = client.refused(&ng::request("query").set("call-id", "call-0-0"))?;
    assert_eq!(reason, "Unknown call-id");
    for call in set_up(&mut client, 1)? {
        call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    }
    daemon.stop()?;
    Ok(())
}

#[test]
fn two_on_one_host_with_addresses_of_their_own_do_not_meet() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    for (device, address) in [("caller", "198.51.100.2/24"), ("callee", "203.0.113.2/24")] {
        net.relay.ip(&["addr", "add", address, "dev", device])?;
    }
    let ports = ["--port-min=30000", "--port-max=30003"];
    let first = Daemon::on(&net).arg(ports[0]).arg(ports[1]).start()?;
    let second = Daemon::within(&net.relay)
        .interfaces(&["caller/198.51.100.2", "callee/203.0.113.2"])
        .control(([127, 0, 0, 1], 2323).into())
        .arg(ports[0])
        .arg(ports[1])
        .start()?;
    let mut clients = [first.ng()?, second.ng()?];
    // The same Call-ID and the same port numbers in both.
    let calls = [
        Call::set_up(&mut clients[0], &net, "twin", 4000)?,
        Call::set_up(&mut clients[1], &net, "twin", 4100)?,
    ];
    let told = |call: &Call| call.alice.remote().map(|address| address.ip());
    assert_eq!(told(&calls[0]), Some([198, 51, 100, 1].into()));
    assert_eq!(told(&calls[1]), Some([198, 51, 100, 2].into()));
    for call in &calls {
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    }
    clients[0].ok(&call::delete("twin"))?;
    calls[1].talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    first.stop()?;
    calls[1].talk_perfectly(50, Pace::BRISK, PATIENCE)?;
    second.stop()?;
    Ok(())
}
