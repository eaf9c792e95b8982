//! What ends calls that nobody deletes, and what is told about it.

use lab::{Call, CallSpec, Daemon, Pace, RtpPeer, Topology, call, ng, sdp};
use lifecycle::{Figures, PATIENCE, ended};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Seconds configured here. The daemon looks once a second, so an end comes up to a second late, and a bit.
const TIMEOUT: f64 = 1.0;
const OFFER: f64 = 2.0;
const SILENT: f64 = 3.0;
const FINAL: f64 = 5.0;
const LATE: f64 = 1.5;

fn daemon(net: &Topology) -> lab::Result<Daemon> {
    Daemon::on(net)
        .arg("--timeout=1")
        .arg("--offer-timeout=2")
        .arg("--silent-timeout=3")
        .arg("--final-timeout=5")
        .arg("--delete-delay=1")
        .start()
}

/// Offers and answers with a direction attribute each.
fn directed(client: &mut ng::Client, id: &str, port: u16, offers: &str, answers: &str) -> lab::Result<()> {
    let body = |ip: [u8; 4], direction: &str| {
        let at: SocketAddr = (ip, port).into();
        sdp::audio(at).line(format!("a={direction}")).text()
    };
    let nowhere: SocketAddr = ([0, 0, 0, 0], 0).into();
    client.ok(&call::offer(id, nowhere).set("sdp", body([198, 51, 100, 10], offers)))?;
    client.ok(&call::answer(id, nowhere).set("sdp", body([203, 0, 113, 10], answers)))?;
    Ok(())
}

/// The one line about the call, once it is there, must give this reason and time.
#[track_caller]
fn demand(daemon: &mut Daemon, id: &str, reason: &str, after: f64) -> lab::Result<()> {
    let within = Duration::from_secs_f64(FINAL + LATE) + PATIENCE;
    daemon.process().wait_for_log(&format!("ci={id},"), within)?;
    let lines = ended(&daemon.log(), id);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let one = &lines[0];
    assert_eq!(one.reason, reason, "{}", one.line);
    assert!((after..after + LATE).contains(&one.duration), "{reason} after {after} s: {}", one.line);
    Ok(())
}

#[test]
fn each_timeout_ends_its_calls_and_is_counted() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = daemon(&net)?;
    let mut client = daemon.ng()?;
    let talking = Call::set_up(&mut client, &net, "talking", 4000)?;
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let stream = lab::Stream::new(7, 1000);
            for index in 0..1000 {
                if over.load(Ordering::Acquire) {
                    break;
                }
                // One way is enough to keep a call; after its end nobody listens.
                let _ = talking.alice.send_one(&stream, index);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let result = (|| {
            directed(&mut client, "silent", 4100, "sendrecv", "sendrecv")?;
            directed(&mut client, "muted", 4110, "inactive", "inactive")?;
            client.ok(&call::offer("ringing", ([198, 51, 100, 10], 4120).into()))?;
            assert_eq!(Figures::of(&mut client)?.sessions(), 4);
            demand(&mut daemon, "silent", "timeout", TIMEOUT)?;
            demand(&mut daemon, "ringing", "offer_timeout", OFFER)?;
            demand(&mut daemon, "muted", "silent_timeout", SILENT)?;
            demand(&mut daemon, "talking", "final_timeout", FINAL)
        })();
        over.store(true, Ordering::Release);
        result
    })?;
    let figures = Figures::of(&mut client)?;
    assert_eq!(figures.sessions(), 0);
    for name in ["timeoutsessions", "offertimeoutsessions", "silenttimeoutsessions", "finaltimeoutsessions"] {
        assert_eq!(figures.total(name), 1, "{name}");
    }
    assert_eq!(figures.total("regularterminatedsessions"), 0);
    assert_eq!(figures.total("managedsessions"), 4);
    daemon.stop()?;
    Ok(())
}

/// One side holds: media may still flow the other way, so silence is judged as in any call.
#[test]
fn a_call_on_hold_is_not_muted() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = daemon(&net)?;
    let mut client = daemon.ng()?;
    directed(&mut client, "held", 4100, "sendonly", "recvonly")?;
    demand(&mut daemon, "held", "timeout", TIMEOUT)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn early_media_keeps_a_call_that_is_not_answered() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = daemon(&net)?;
    let mut client = daemon.ng()?;
    let bob = RtpPeer::bind(&net.callee.ns, (net.callee.peer_v4, 4200).into())?;
    let offered = client.ok(&call::offer("early", ([198, 51, 100, 10], 4200).into()))?;
    bob.aim(call::told(&offered)?);
    let stream = lab::Stream::new(7, 35);
    bob.send(&stream, 0..35, Pace::Every(Duration::from_millis(100)))?;
    assert_eq!(ended(&daemon.log(), "early"), [], "its media came for 3.5 s");
    daemon.stop()?;
    Ok(())
}

#[test]
fn a_deleted_call_talks_on_for_the_delay_and_ends_once() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = Daemon::on(&net).arg("--delete-delay=2").start()?;
    let mut client = daemon.ng()?;
    let idle = daemon.vitals()?.descriptors;
    let call = CallSpec::new("lingering", 4000).set_up(&mut client, &net)?;
    call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    let gone = ng::request("delete").set("call-id", "lingering").set("from-tag", call::TAGS[0]);
    let last = client.ok(&gone)?;
    assert_eq!(last.int("totals/RTP/packets"), Some(20), "{last:?}");
    assert_eq!(Figures::of(&mut client)?.sessions(), 1);
    call.talk_perfectly(10, Pace::BRISK, PATIENCE)?;
    demand(&mut daemon, "lingering", "terminated", 2.0)?;
    let figures = Figures::of(&mut client)?;
    assert_eq!((figures.sessions(), figures.total("regularterminatedsessions")), (0, 1));
    assert_eq!(client.refused(&ng::request("query").set("call-id", "lingering"))?, "Unknown call-id");
    assert_eq!(daemon.vitals_settled(idle, PATIENCE)?.descriptors, idle);
    daemon.stop()?;
    Ok(())
}

#[test]
fn every_call_that_ends_has_one_line_with_its_packets() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let mut daemon = Daemon::on(&net).arg("--delete-delay=0").start()?;
    let mut client = daemon.ng()?;
    for number in 0..5 {
        let id = format!("one of five, number {number}");
        let call = Call::set_up(&mut client, &net, &id, 4000 + 10 * number)?;
        call.talk_perfectly(10 + u32::from(number), Pace::BRISK, PATIENCE)?;
        call.delete(&mut client)?;
        // Again: there is no such call, and no second line.
        client.ok(&call::delete(&id))?;
    }
    daemon.process().wait_for_log("number 4", PATIENCE)?;
    let log = daemon.log();
    for number in 0..5 {
        let about: Vec<&str> =
            log.lines().filter(|line| line.contains(&format!("ci=one of five, number {number},"))).collect();
        assert_eq!(about.len(), 1, "{about:?}");
        let packets = format!("packets={},", 10 + number);
        assert!(about[0].matches(&packets).count() >= 2, "both sides sent {packets} {}", about[0]);
    }
    daemon.stop()?;
    Ok(())
}
