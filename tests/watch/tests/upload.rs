//! Recordings that are uploaded to a server that speaks S3: somebody else's, which checks signatures.

use lab::{CallSpec, Daemon, LabError, Namespace, Pace, Process, Result, Topology, ng};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use watch::{PATIENCE, Page, Pcap, files, until};

const SERVER: &str = "127.0.0.1:4568";
/// Keys that s3rver knows.
const KEYS: &str = "[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n";
/// What s3rver puts behind the name of an object.
const OBJECT: &str = "._S3rver_object";

/// Where s3rver is, or what is missing.
fn s3rver() -> Result<std::result::Result<PathBuf, String>> {
    let folder = lab::daemon_binary()?.parent().map(|folder| folder.join("s3rver")).unwrap_or_default();
    let setup = Path::new(env!("CARGO_MANIFEST_DIR")).join("s3/setup");
    let out = Command::new(setup).arg(&folder).output().map_err(LabError::io("running s3/setup"))?;
    if out.status.success() {
        return Ok(Ok(folder));
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Ok(Err(said.lines().last().unwrap_or("needs s3rver").to_owned()))
}

fn serve(namespace: &Namespace, s3rver: &Path, folder: &Path) -> Result<Process> {
    let (address, port) = SERVER.split_once(':').expect("an address");
    let mut command = namespace.command("node");
    command.arg(s3rver.join("node_modules/s3rver/bin/s3rver.js"));
    command.args(["-a", address, "-p", port, "--configure-bucket", "calls", "-d"]).arg(folder);
    let server = Process::start("s3rver", command)?;
    let at = SERVER.parse().expect("an address");
    until("s3rver listens", || namespace.tcp(at).ok());
    Ok(server)
}

fn relay(net: &Topology, spool: &Path, keys: &Path) -> Result<Daemon> {
    let interfaces: String = [("caller", &net.caller), ("callee", &net.callee)]
        .into_iter()
        .map(|(name, leg)| {
            format!("[[interface]]\nname = \"{name}\"\naddress = \"{}\"\n", leg.relay(lab::Family::V4))
        })
        .collect();
    let text = format!(
        "{interfaces}[control]\nlisten-http = [\"{}\"]\n[recording]\nfolder = \"{}\"\npattern = \"%{{who}}/%c-%r\"\n\
         s3-endpoint = \"http://{SERVER}\"\ns3-bucket = \"calls\"\ns3-prefix = \"relay-1/\"\ns3-credentials = \"{}\"\n",
        watch::HTTP,
        spool.display(),
        keys.display(),
    );
    Daemon::on(net).config(&text)?.start()
}

fn record(net: &Topology, daemon: &Daemon, id: &str) -> Result<()> {
    let mut client = daemon.ng()?;
    let call = CallSpec::new(id, 4000).set_up(&mut client, net)?;
    client.ok(&ng::request("start recording").set("call-id", id).set("metadata", "who:alice"))?;
    call.talk_perfectly(25, Pace::BRISK, PATIENCE)?;
    call.delete(&mut client).map(drop)
}

/// The value of a metric without labels.
fn waiting(net: &Topology) -> Result<f64> {
    let page = Page::parse(&watch::get(&net.relay, watch::HTTP, "/metrics")?);
    Ok(page.samples["rtpengine_recording_uploads_waiting"])
}

/// A recording is counted after its file has come or gone.
fn until_waiting(net: &Topology, count: f64) {
    until("the metrics say how many wait", || waiting(net).is_ok_and(|found| found == count).then_some(()));
}

#[test]
fn recordings_wait_for_a_dead_target_and_outlive_the_relay() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("node", "npm");
    let s3rver = match s3rver()? {
        Ok(folder) => folder,
        Err(why) => lab::skip!(why),
    };
    let net = Topology::new()?;
    let [spool, bucket] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let keys = bucket.path().join("keys");
    fs::write(&keys, KEYS).expect("the keys");
    let daemon = relay(&net, spool.path(), &keys)?;
    record(&net, &daemon, "first")?;
    until("it is told that the target is dead", || {
        daemon.log().contains("recordings wait in ").then_some(())
    });
    until_waiting(&net, 1.0);
    assert!(!daemon.log().contains("S3RVER"), "no key is in the log");
    daemon.stop()?;
    // The next relay finds what waits, and a target that lives.
    let _server = serve(&net.relay, &s3rver, bucket.path())?;
    let daemon = relay(&net, spool.path(), &keys)?;
    let below = |folder: &str| bucket.path().join("calls/relay-1").join(folder);
    let object = |folder: &str, stem: &str| {
        until("it is uploaded", || {
            files(&below(folder)).into_iter().find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                name.starts_with(stem) && name.ends_with(OBJECT)
            })
        })
    };
    record(&net, &daemon, "second")?;
    for id in ["first", "second"] {
        let packets = object("pcaps/alice", &format!("{id}-"));
        assert_eq!(Pcap::read(&packets).packets.len(), 50);
        let text =
            fs::read_to_string(object("metadata", &format!("rtpengine-meta-{id}-"))).expect("the text");
        assert!(text.contains("packets written: 50") && text.ends_with("who:alice\n"), "{text}");
    }
    for folder in ["pcaps/alice", "metadata", "upload", "tmp"] {
        let left = || files(&spool.path().join(folder)).is_empty().then_some(());
        until("what was uploaded is gone from the disk", left);
    }
    until_waiting(&net, 0.0);
    daemon.stop()?;
    Ok(())
}
