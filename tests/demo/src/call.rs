//! One call: two peers, two streams, an offer and an answer.

use lab::{Family, LabError, Payload, Report, RtpPeer, Stream, Topology, Value, ng, sdp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Packets per direction: ten seconds of 20 ms.
pub(crate) const PACKETS: u32 = 500;
/// Samples per packet: 20 ms of G.711.
const SAMPLES: usize = 160;
/// From- and to-tag of every call.
pub(crate) const TAGS: [&str; 2] = ["caller", "callee"];

/// One direction of a call.
pub(crate) struct Direction {
    /// What is sent.
    pub(crate) stream: Stream,
    /// What has arrived so far.
    pub(crate) report: Mutex<Report>,
    /// What carries it, as the relay says.
    pub(crate) path: Mutex<String>,
}

impl Direction {
    fn new(ssrc: u32, samples: &Arc<[u8]>) -> Direction {
        let payload = Payload::Audio { samples: Arc::clone(samples), bytes: SAMPLES };
        let stream = Stream::new(ssrc, PACKETS).payload(payload);
        let report = Mutex::new(Report::new(&stream));
        Direction { stream, report, path: Mutex::new("-".into()) }
    }

    /// What has arrived so far.
    pub(crate) fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What carries it.
    pub(crate) fn path(&self) -> String {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A call through the relay.
pub(crate) struct Call {
    /// Its Call-ID.
    pub(crate) id: String,
    /// Caller and callee.
    pub(crate) peers: [RtpPeer; 2],
    /// Caller to callee, callee to caller.
    pub(crate) directions: [Direction; 2],
}

impl Call {
    /// Opens both peers, offers and answers, and aims the peers at the relay.
    pub(crate) fn set_up(
        client: &mut ng::Client,
        net: &Topology,
        number: usize,
        families: [Family; 2],
        samples: &Arc<[u8]>,
    ) -> lab::Result<Call> {
        let port = 4000 + 2 * number as u16;
        let peers = [
            RtpPeer::bind(&net.caller.ns, (net.caller.peer(families[0]), port).into())?,
            RtpPeer::bind(&net.callee.ns, (net.callee.peer(families[1]), port).into())?,
        ];
        let id = format!("demo-{number}");
        let direction = Value::list([net.caller.interface, net.callee.interface]);
        let offer = message("offer", &id, &peers[0], families[1]).set("direction", direction);
        aim(&peers[1], &client.ok(&offer)?)?;
        let answer = message("answer", &id, &peers[1], families[0]).set("to-tag", TAGS[1]);
        aim(&peers[0], &client.ok(&answer)?)?;
        let ssrc = 0x1000 + 2 * number as u32;
        let directions = [Direction::new(ssrc, samples), Direction::new(ssrc + 1, samples)];
        Ok(Call { id, peers, directions })
    }

    /// Asks the relay which path carries each direction.
    pub(crate) fn ask_path(&self, client: &mut ng::Client) -> lab::Result<()> {
        let reply = client.ok(&ng::request("query").set("call-id", &self.id).flags(&["explain"]))?;
        for (direction, tag) in self.directions.iter().zip(TAGS) {
            let stream = reply.get(&format!("tags/{tag}/medias/0/streams/0"));
            *direction.path.lock().unwrap_or_else(PoisonError::into_inner) = path(stream);
        }
        Ok(())
    }
}

/// The path in a stream of a `query` reply. A relay that says nothing has only one.
fn path(stream: Option<&Value>) -> String {
    stream.map_or("-", |stream| stream.text("path").unwrap_or("userspace")).to_owned()
}

fn message(command: &str, id: &str, peer: &RtpPeer, towards: Family) -> ng::Request {
    let family = match towards {
        Family::V4 => "IP4",
        Family::V6 => "IP6",
    };
    ng::request(command)
        .set("call-id", id)
        .set("from-tag", TAGS[0])
        .set("sdp", sdp::audio(peer.local()).text())
        .set("address family", family)
        .flags(&["trust-address", "replace-origin"])
}

fn aim(peer: &RtpPeer, reply: &Value) -> lab::Result<()> {
    let address = reply.text("sdp").and_then(sdp::rtp_address).ok_or_else(|| LabError::Refused {
        command: "offer or answer".into(),
        reply: format!("no media address in {reply:?}"),
    })?;
    peer.aim(address);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_comes_from_the_reply() {
        let decode = |text: &[u8]| Value::decode(text).unwrap();
        assert_eq!(path(None), "-");
        assert_eq!(path(Some(&decode(b"d4:path5:afxdpe"))), "afxdp");
        assert_eq!(path(Some(&decode(b"d4:porti1ee"))), "userspace");
    }
}
