//! Recorded calls: what is in the files, who can read them, and what happens when the disk or the relay does not last.

use lab::{Call, CallSpec, Daemon, DaemonSpec, Pace, Result, Topology, Value, call, ng};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use watch::{PATIENCE, Pcap, files, until};

/// A relay that records into a folder of its own.
struct Stand {
    net: Topology,
    daemon: Daemon,
    folder: TempDir,
}

impl Stand {
    fn open(more: &[&str]) -> Result<Stand> {
        let net = Topology::new()?;
        let folder = tempfile::tempdir().expect("a folder");
        let daemon = start(&net, folder.path(), more)?;
        Ok(Stand { net, daemon, folder })
    }

    fn below(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The one finished recording of a call, and the text about it.
    fn finished(&self, id: &str) -> (PathBuf, String) {
        let of = |folder: &str, stem: &str| {
            files(&self.below(folder))
                .into_iter()
                .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(stem)))
        };
        // The text comes last.
        let text = until("the recording is finished", || of("metadata", &format!("rtpengine-meta-{id}-")));
        let packets = of("pcaps", &format!("{id}-")).expect("the packets are there before the text");
        (packets, fs::read_to_string(text).expect("the text"))
    }
}

fn spec(net: &Topology, folder: &Path, more: &[&str]) -> DaemonSpec {
    let spec = Daemon::on(net).arg(format!("--recording-dir={}", folder.display()));
    more.iter().fold(spec, |spec, argument| spec.arg(*argument))
}

fn start(net: &Topology, folder: &Path, more: &[&str]) -> Result<Daemon> {
    spec(net, folder, more).start()
}

fn about(command: &str, id: &str) -> ng::Request {
    ng::request(command).set("call-id", id)
}

fn talk(call: &Call, packets: u32) -> Result<()> {
    call.talk_perfectly(packets, Pace::BRISK, PATIENCE)
}

/// Both ways through a call, as what arrives at the relay.
fn arriving(call: &Call) -> [(std::net::SocketAddr, std::net::SocketAddr); 2] {
    let end = |peer: &lab::RtpPeer| (peer.local(), peer.remote().expect("it is aimed"));
    [end(&call.alice), end(&call.bob)]
}

fn cli(client: &mut ng::Client, line: &str) -> Result<String> {
    let reply = client.ok(&ng::request("cli").set("body", line))?;
    Ok(reply.text("response").unwrap_or_default().to_owned())
}

#[test]
fn every_packet_is_in_the_file_and_tshark_reads_it() -> Result<()> {
    lab::need_root!();
    let stand = Stand::open(&[])?;
    let mut client = stand.daemon.ng()?;
    let offer = call::offer("seen", (stand.net.caller.peer(lab::Family::V4), 4000).into());
    let offered = client.ok(&offer.set("record-call", "yes").set("metadata", "who:me"))?;
    let told = offered.key("recordings").and_then(|list| list.items().first()?.as_str().map(str::to_owned));
    let call = CallSpec::new("seen", 4000).set_up(&mut client, &stand.net)?;
    talk(&call, 200)?;
    let reply = client.ok(&about("query", "seen"))?;
    assert_eq!(reply.int("recording/call recording"), Some(1), "{reply:?}");
    assert!(cli(&mut client, "list recordings")?.starts_with("seen: running for "));
    let ways = arriving(&call);
    call.delete(&mut client)?;
    let (path, text) = stand.finished("seen");
    assert_eq!(told.as_deref(), path.to_str(), "the reply said where it would be");
    let file = Pcap::read(&path);
    assert_eq!(file.link, 101);
    for (from, to) in ways {
        let rtp = file.rtp(from, to);
        let numbers: Vec<u16> = rtp.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (0..200).collect::<Vec<u16>>(), "{from} to {to}");
        assert!(rtp.iter().all(|(_, payload)| payload.len() == rtp[0].1.len() && !payload.is_empty()));
    }
    assert_eq!(file.packets.len(), 400, "what leaves is not in it");
    for part in [
        "SDP mode: offer\n",
        "SDP mode: answer\n",
        "\ncall end time: ",
        "\npackets written: 400\n",
        "\n\n\nwho:me\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(text.starts_with(&format!("{}\n\n\nTimestamp started ms: ", path.display())), "{text}");
    assert!(text.contains("packets lost in memory: 0\npackets lost on disk: 0\n"), "{text}");
    let page = stand.daemon.log();
    assert!(!page.contains("ERROR"), "{page}");
    tshark(&path, ways)
}

/// What Wireshark makes of a file.
fn tshark(path: &Path, ways: [(std::net::SocketAddr, std::net::SocketAddr); 2]) -> Result<()> {
    lab::need_tool!("tshark");
    let mut command = std::process::Command::new("tshark");
    command.args(["-n", "-r", &path.to_string_lossy(), "-T", "fields", "-E", "separator=,"]);
    for (_, to) in ways {
        command.arg(format!("-dudp.port=={},rtp", to.port()));
    }
    command.args(
        "-e ip.src -e udp.srcport -e ip.dst -e udp.dstport -e rtp.seq -e ip.checksum.status".split(' '),
    );
    let out = command.output().map_err(lab::LabError::io("running tshark"))?;
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for (from, to) in ways {
        let begin = format!("{},{},{},{},", from.ip(), from.port(), to.ip(), to.port());
        let numbers: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix(&begin)?.split(',').next()).collect();
        let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        assert_eq!(numbers, expected, "{begin} in\n{text}");
    }
    // What its player would play: streams with nothing missing.
    let mut player = std::process::Command::new("tshark");
    player.args(["-n", "-q", "-z", "rtp,streams", "-r", &path.to_string_lossy()]);
    player.args(ways.map(|(_, to)| format!("-dudp.port=={},rtp", to.port())));
    let out = player.output().map_err(lab::LabError::io("running tshark"))?;
    let text = String::from_utf8_lossy(&out.stdout);
    for (from, to) in ways {
        let [ip, port] = [from.ip().to_string(), from.port().to_string()];
        let ends = [ip, port, to.ip().to_string(), to.port().to_string()];
        let whole = text.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let same =
                words.windows(4).any(|part| part.iter().zip(&ends).all(|(word, end)| *word == end.as_str()));
            same && words.windows(3).any(|part| part == ["200", "0", "(0.0%)"])
        });
        assert!(whole, "{ends:?} in\n{text}");
    }
    Ok(())
}

#[test]
fn a_pause_leaves_a_gap_and_a_stop_ends_the_file() -> Result<()> {
    lab::need_root!();
    let stand = Stand::open(&["--recording-format=eth", "--record-both"])?;
    let mut client = stand.daemon.ng()?;
    let call = CallSpec::new("paused", 4000).set_up(&mut client, &stand.net)?;
    talk(&call, 10)?;
    client.ok(&about("start recording", "paused").set("metadata", "k:v"))?;
    talk(&call, 20)?;
    client.ok(&about("pause recording", "paused"))?;
    assert_eq!(client.ok(&about("query", "paused"))?.int("recording/call recording"), Some(0));
    talk(&call, 30)?;
    client.ok(&about("start recording", "paused"))?;
    talk(&call, 40)?;
    client.ok(&about("stop recording", "paused"))?;
    assert!(client.ok(&about("query", "paused"))?.key("recording").is_none());
    talk(&call, 50)?;
    let (path, text) = stand.finished("paused");
    let file = Pcap::read(&path);
    assert_eq!(file.link, 1);
    // What a round's packets are numbered from is a thousand times the round.
    let expected: Vec<u16> = (1000..1020).chain(3000..3040).collect();
    for (from, to) in arriving(&call) {
        let numbers =
            |rtp: Vec<(u16, Vec<u8>)>| rtp.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(numbers(file.rtp(from, to)), expected, "as it came");
        assert_eq!(numbers(file.rtp(to, from)), expected, "as it left");
    }
    assert!(text.contains("\nRecording paused at: ") && text.contains("\nRecording resumed at: "), "{text}");
    // A call may be recorded again, into another file, and that may be thrown away.
    client.ok(&about("start recording", "paused"))?;
    talk(&call, 5)?;
    client.ok(&about("stop recording", "paused").flags(&["discard-recording"]))?;
    client.ok(&about("start recording", "paused").set("recording-file", "mine.pcap"))?;
    talk(&call, 6)?;
    call.delete(&mut client)?;
    let mine = until("the last recording", || Some(stand.below("mine.pcap")).filter(|path| path.exists()));
    assert_eq!(Pcap::read(&mine).packets.len(), 24);
    until("the text", || (files(&stand.below("metadata")).len() == 2).then_some(()));
    assert_eq!(files(&stand.below("pcaps")), [path]);
    assert_eq!(files(&stand.below("tmp")), [] as [PathBuf; 0]);
    Ok(())
}

#[test]
fn what_is_said_under_keys_is_recorded_in_clear() -> Result<()> {
    use srtp::{MasterKey, Sealer, Setup, Suite};
    lab::need_root!();
    let stand = Stand::open(&[])?;
    let mut client = stand.daemon.ng()?;
    let peer = |leg: &lab::Leg| lab::RtpPeer::bind(&leg.ns, (leg.peer(lab::Family::V4), 4000).into());
    let (alice, bob) = (peer(&stand.net.caller)?, peer(&stand.net.callee)?);
    let offer = call::offer("keys", alice.local()).set("transport-protocol", "RTP/SAVP").set("DTLS", "off");
    let offered = client.ok(&offer.set("record-call", "on"))?;
    let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[7; 30]).expect("a key");
    let suite = " AES_CM_128_HMAC_SHA1_80 ";
    let text = offered.text("sdp").unwrap_or_default();
    let tag =
        text.lines().find_map(|line| line.strip_prefix("a=crypto:")?.split_once(suite)).expect("our suite").0;
    let line = format!("crypto:{tag}{suite}inline:{}", &*key.expose_inline(true));
    let sdp = lab::sdp::Builder::new(bob.local().ip())
        .media("audio", bob.local().port(), "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line(format!("a={line}"));
    let answered = client.ok(&call::answer("keys", bob.local()).set("sdp", sdp.text()))?;
    alice.aim(call::told(&answered)?);
    bob.aim(call::told(&offered)?);
    let mut sealer = Sealer::new(&Setup::new(key)).expect("a sealer");
    let mut plain = Vec::new();
    for number in 0..20u16 {
        let mut packet = vec![0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        packet[2..4].copy_from_slice(&number.to_be_bytes());
        packet.extend([b'x'; 40]);
        plain.push(packet.clone());
        let len = packet.len();
        packet.resize(len + 64, 0);
        let sealed = sealer.seal_rtp(&mut packet, len).expect("sealed");
        bob.send_bytes(&packet[..sealed])?;
        let (got, _) = alice.receive_bytes(PATIENCE)?.expect("it comes in clear");
        assert_eq!(got, plain[usize::from(number)]);
    }
    client.ok(&call::delete("keys"))?;
    let (path, text) = stand.finished("keys");
    let said: Vec<Vec<u8>> = Pcap::read(&path).packets.into_iter().map(|packet| packet.payload).collect();
    assert_eq!(said, plain);
    assert!(text.contains("inline:(hidden)"), "no key is in the text\n{text}");
    Ok(())
}

#[test]
fn a_full_disk_is_counted_and_the_call_goes_on() -> Result<()> {
    lab::need_root!();
    let folder = tempfile::tempdir().expect("a folder");
    let mount = Mount::small(folder.path());
    let net = Topology::new()?;
    let daemon = start(&net, folder.path(), &[])?;
    let mut client = daemon.ng()?;
    let call = CallSpec::new("full", 4000).flag("record-call").set_up(&mut client, &net)?;
    // 128 KiB are full after about six hundred packets.
    for _ in 0..4 {
        talk(&call, 200)?;
    }
    let said = until("the lack of room is told", || {
        cli(&mut client, "list recordings").ok().filter(|said| said.contains("(the disk takes nothing)"))
    });
    assert!(said.contains(" 0 lost in memory, "), "{said}");
    assert!(daemon.log().contains("packets of a call are not recorded: "), "{}", daemon.log());
    talk(&call, 50)?;
    call.delete(&mut client)?;
    // The text about it has no room either; the packets that had are whole.
    let path = until("the recording is finished", || files(&folder.path().join("pcaps")).pop());
    let file = Pcap::read(&path);
    assert!((300..800).contains(&file.packets.len()), "{}", file.packets.len());
    daemon.stop()?;
    drop(mount);
    Ok(())
}

/// A file system of 128 KiB.
struct Mount(PathBuf);

impl Mount {
    fn small(at: &Path) -> Mount {
        let done = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=128k", "lab-small"])
            .arg(at)
            .status();
        assert!(done.is_ok_and(|status| status.success()), "a small file system");
        Mount(at.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_relay_that_is_killed_leaves_a_file_that_the_next_one_finishes() -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::open(&[])?;
    let mut client = stand.daemon.ng()?;
    let call = CallSpec::new("killed", 4000).flag("record-call").set_up(&mut client, &stand.net)?;
    talk(&call, 60)?;
    until("the packets are on disk", || {
        cli(&mut client, "list recordings").ok().filter(|said| said.contains(": 120 packets written"))
    });
    stand.daemon.process().kill();
    // What was being written when it died.
    let spool = files(&stand.below("tmp"));
    let packets =
        spool.iter().find(|path| path.extension().is_some_and(|end| end == "pcap")).expect("a file");
    let mut torn = fs::read(packets).expect("the file");
    torn.extend([1; 30]);
    fs::write(packets, torn).expect("the file");
    stand.daemon = start(&stand.net, stand.folder.path(), &[])?;
    let (path, text) = stand.finished("killed");
    assert_eq!(Pcap::read(&path).packets.len(), 120);
    assert!(text.contains("Recording interrupted: ") && text.contains("packets written: 120"), "{text}");
    assert_eq!(files(&stand.below("tmp")), [] as [PathBuf; 0]);
    Ok(())
}

#[test]
fn an_orderly_end_finishes_what_is_recorded() -> Result<()> {
    lab::need_root!();
    let Stand { net, daemon, folder } = Stand::open(&[])?;
    let mut client = daemon.ng()?;
    let call = CallSpec::new("ended", 4000).flag("record-call").set_up(&mut client, &net)?;
    talk(&call, 30)?;
    daemon.stop()?;
    let path = files(&folder.path().join("pcaps")).pop().expect("the recording");
    assert_eq!(Pcap::read(&path).packets.len(), 60);
    assert_eq!(files(&folder.path().join("metadata")).len(), 1);
    Ok(())
}

/// Without a folder a client is answered as rtpengine does, and nothing is recorded.
#[test]
fn without_a_folder_nothing_is_recorded() -> Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).start()?;
    let mut client = daemon.ng()?;
    let call = CallSpec::new("none", 4000).flag("record-call").set_up(&mut client, &net)?;
    let reply: Value = client.ok(&about("start recording", "none"))?;
    assert_eq!(reply.entries().len(), 1, "{reply:?}");
    assert!(client.ok(&about("query", "none"))?.key("recording").is_none());
    talk(&call, 5)
}
