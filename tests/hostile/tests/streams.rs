//! Bad bytes on connections to the ng port and to the text interface while calls run.

use hostile::{BESIEGED, Siege, delete_everything, requests};
use lab::{Daemon, LabError, Topology, ng};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Messages of each kind.
const EACH: u32 = 25;
/// Connections left open in the middle of a message.
const HALF: usize = 200;
/// What the daemon may take to close, to answer, to let go.
const PATIENCE: Duration = Duration::from_secs(5);

fn control() -> SocketAddr {
    ([127, 0, 0, 1], 2225).into()
}

fn text_interface() -> SocketAddr {
    ([127, 0, 0, 1], 9900).into()
}

/// Sends `bytes`, says that it was all, and reads until the daemon closes.
fn speak(net: &Topology, to: SocketAddr, bytes: &[u8]) -> lab::Result<Vec<u8>> {
    let mut stream: TcpStream = net.relay.tcp(to)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(LabError::io("setting a time limit"))?;
    // The daemon may close as soon as it has seen enough.
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
            Err(LabError::Io { what: format!("waiting for {to} to close"), source: error })
        }
        _ => Ok(answer),
    }
}

#[test]
fn bad_bytes_end_their_own_connection_and_nothing_else() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net)
        .arg(format!("--listen-tcp-ng={}", control()))
        .arg(format!("--listen-cli={}", text_interface()))
        .arg("--delete-delay=0")
        .arg("--log-level=3")
        .start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 3)?;
    let before = daemon.vitals()?;
    siege.during(|| {
        for kind in requests::KINDS {
            for number in 0..EACH {
                let (_, message) = kind.datagram(number);
                speak(&net, control(), &message)?;
                speak(&net, text_interface(), &message)?;
            }
        }
        delete_everything(&mut client, BESIEGED).map(drop)
    })?;
    let mut tcp = ng::Client::tcp(&net.relay, control())?;
    assert_eq!(tcp.ok(&ng::request("ping"))?.text("result"), Some("pong"));
    drop(tcp);
    assert_eq!(daemon.vitals_settled(before.descriptors, PATIENCE)?.descriptors, before.descriptors);
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}

#[test]
fn half_messages_do_not_keep_others_waiting() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg(format!("--listen-tcp-ng={}", control())).start()?;
    let mut client = daemon.ng()?;
    let siege = Siege::begin(&daemon, &net, 2)?;
    let before = daemon.vitals()?;
    siege.during(|| {
        let mut held = Vec::new();
        for number in 0..HALF {
            let mut stream = net.relay.tcp(control())?;
            let start = format!("half-{number} d7:command4:ping4:junk{}:", 1000 + number);
            stream.write_all(start.as_bytes()).map_err(LabError::io("sending half a message"))?;
            held.push(stream);
            if number % 50 == 0 {
                ng::Client::tcp(&net.relay, control())?.ok(&ng::request("ping"))?;
            }
        }
        ng::Client::tcp(&net.relay, control())?.ok(&ng::request("ping"))?;
        Ok(())
    })?;
    assert_eq!(daemon.vitals_settled(before.descriptors, PATIENCE)?.descriptors, before.descriptors);
    siege.end(&mut client)?;
    daemon.stop()?;
    Ok(())
}
