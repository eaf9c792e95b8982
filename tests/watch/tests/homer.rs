//! RTCP and ng messages at a HEP collector, decoded by somebody else's library.

use lab::{LabError, Namespace, Result};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use watch::{PATIENCE, Scene};

const COLLECTOR: &str = "127.0.0.1:9060";
/// Protocol numbers of HEP.
const RTCP: i64 = 5;
const NG: i64 = 61;

/// Where hep-js is, or what is missing.
fn hep_js() -> Result<std::result::Result<PathBuf, String>> {
    let folder = lab::daemon_binary()?.parent().map(|folder| folder.join("hep-js")).unwrap_or_default();
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("hep/setup");
    let out = Command::new(setup).arg(&folder).output().map_err(LabError::io("running hep/setup"))?;
    if out.status.success() {
        return Ok(Ok(folder));
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Ok(Err(said.lines().last().unwrap_or("needs hep-js").to_owned()))
}

/// What the library makes of packets.
fn decoded(folder: &Path, packets: &[Vec<u8>]) -> Result<Vec<serde_json::Value>> {
    let failed = || LabError::io("decoding HEP with node");
    let decoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("hep/decode.js");
    let mut node = Command::new("node")
        .arg(decoder)
        .env("NODE_PATH", folder.join("node_modules"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed())?;
    let mut stdin = node.stdin.take().expect("it is piped");
    for packet in packets {
        let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(stdin, "{hex}").map_err(failed())?;
    }
    drop(stdin);
    let out = node.wait_with_output().map_err(failed())?;
    assert!(out.status.success(), "the decoder failed");
    let text = String::from_utf8_lossy(&out.stdout);
    let all: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(all.len(), packets.len());
    Ok(all)
}

/// Collects packets until so many reports are among them.
fn collect(collector: &UdpSocket, reports: usize) -> Vec<Vec<u8>> {
    collector.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut bytes = vec![0; 65_536];
    let mut all: Vec<Vec<u8>> = Vec::new();
    let is_report = |packet: &&Vec<u8>| packet.windows(12).any(|window| window == b"report_count");
    while all.iter().filter(is_report).count() < reports {
        match collector.recv(&mut bytes) {
            Ok(len) => all.push(bytes[..len].to_vec()),
            Err(error) => panic!("{} packets came: {error}", all.len()),
        }
    }
    all
}

fn collector(namespace: &Namespace) -> Result<UdpSocket> {
    namespace.udp(COLLECTOR.parse().expect("an address"))
}

#[test]
fn rtcp_and_ng_reach_the_collector_with_their_call_id() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("node", "npm");
    let folder = match hep_js()? {
        Ok(folder) => folder,
        Err(why) => lab::skip!(why),
    };
    let arguments =
        [format!("--homer={COLLECTOR}"), "--homer-id=7".to_owned(), "--homer-enable-ng".to_owned()];
    let mut scene =
        Scene::open(|daemon| arguments.into_iter().fold(daemon, |daemon, argument| daemon.arg(argument)))?;
    // What was sent until here may still come.
    let collector = collector(&scene.net.relay)?;
    let mut client = scene.daemon.ng()?;
    let query = lab::ng::request("query").set("call-id", "watched-call");
    client.ok(&query)?;
    scene.report()?;
    let all = decoded(&folder, &collect(&collector, 4))?;
    let by: BTreeMap<i64, Vec<&serde_json::Value>> = all.iter().fold(BTreeMap::new(), |mut by, one| {
        let kind = one["rcinfo"]["payloadType"].as_i64().expect("a number");
        by.entry(kind).or_insert_with(Vec::new).push(one);
        by
    });
    for one in &all {
        let info = &one["rcinfo"];
        assert_eq!((&info["captureId"], &info["protocol"]), (&7.into(), &17.into()), "{one}");
        assert_eq!(info["correlation_id"], "watched-call", "{one}");
        let seconds = info["timeSeconds"].as_u64().expect("a time");
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
        assert!(now.abs_diff(seconds) < 300, "{one}");
    }
    let payload = |one: &serde_json::Value| one["payload"].as_str().expect("a text").to_owned();
    let ng = &by[&NG];
    let asked = ng.iter().rposition(|one| payload(one).contains("5:query")).expect("the query");
    let (query, answer) = (ng[asked], ng[asked + 1]);
    assert_eq!((&query["rcinfo"]["dstPort"], &answer["rcinfo"]["srcPort"]), (&2223.into(), &2223.into()));
    let cookie = |one| payload(one).split(' ').next().map(str::to_owned);
    assert_eq!(cookie(query), cookie(answer));
    assert!(payload(answer).contains("6:result2:ok"), "{answer}");
    let rtcp = &by[&RTCP];
    assert_eq!(rtcp.len(), 4);
    let caller = scene.net.caller.peer(lab::Family::V4).to_string();
    let relay = scene.net.caller.relay(lab::Family::V4).to_string();
    let of_caller: Vec<_> = rtcp.iter().filter(|one| one["rcinfo"]["srcIp"] == *caller).collect();
    assert_eq!(of_caller.len(), 2, "a sender report and a receiver report");
    for one in &of_caller {
        assert_eq!(
            (&one["rcinfo"]["dstIp"], &one["rcinfo"]["srcPort"]),
            (&relay.as_str().into(), &4001.into())
        );
    }
    let told: Vec<serde_json::Value> =
        of_caller.iter().map(|one| serde_json::from_str(&payload(one)).expect("JSON")).collect();
    assert_eq!((&told[0]["type"], &told[1]["type"]), (&200.into(), &201.into()));
    assert_eq!(told[0]["sender_information"]["packets"], 10);
    assert_eq!(told[1]["report_blocks"][0]["ia_jitter"], 40);
    assert_eq!(told[1]["sdes_information"][0]["text"], "lab");
    // Media goes on while nobody takes what is sent.
    drop(collector);
    scene.report()?;
    scene.talk()?;
    scene.daemon.stop()?;
    Ok(())
}

#[test]
fn without_the_option_nothing_is_sent() -> Result<()> {
    lab::need_root!();
    let mut scene =
        Scene::open(|daemon| daemon.arg(format!("--homer={COLLECTOR}")).arg("--homer-disable-rtcp-stats"))?;
    let collector = collector(&scene.net.relay)?;
    scene.report()?;
    // What would have been sent would have been by the end.
    scene.daemon.stop()?;
    collector.set_read_timeout(Some(Duration::from_millis(10))).map_err(LabError::io("a timeout"))?;
    assert!(collector.recv(&mut [0; 16]).is_err());
    Ok(())
}
