//! A call is recorded while it is on a fast path, or says why it is not there meanwhile.

use appliance_lab::{PATIENCE, Stand, Tier};
use lab::{Result, ng};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Talks while the call is recorded; every packet must arrive, and be in the file once.
fn recorded(tier: Tier, meanwhile: &str) -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let more = format!("[recording]\nfolder = \"{}\"\n", folder.path().display());
    let mut stand = Stand::start(tier, &more)?;
    let call = stand.call_on(tier, "seen", 6000)?;
    let about = |command: &str| ng::request(command).set("call-id", "seen");
    stand.client.ok(&about("start recording"))?;
    stand.talk_meanwhile(&call, meanwhile)?;
    stand.client.ok(&about("stop recording"))?;
    let file = finished(folder.path());
    let bytes = std::fs::read(&file).expect("the file");
    for peer in [&call.alice, &call.bob] {
        let to = peer.remote().expect("it is aimed");
        assert_eq!(datagrams(&bytes, peer.local().port(), to.port()), 220, "from {}", peer.local());
    }
    // It comes back to where it was.
    stand.talk_back_to(tier, &call)?;
    stand.stop()?;
    Ok(())
}

/// The one file of packets, once it is where it belongs.
fn finished(folder: &Path) -> PathBuf {
    let begun = Instant::now();
    loop {
        let files = std::fs::read_dir(folder.join("pcaps")).into_iter().flatten().flatten();
        if let Some(file) = files.map(|entry| entry.path()).next() {
            return file;
        }
        assert!(begun.elapsed() < PATIENCE, "the recording is not finished");
        // Between two looks, not a way to wait for anything.
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// How many UDP datagrams over IPv4 a file has from one port to another.
fn datagrams(file: &[u8], from: u16, to: u16) -> usize {
    let (mut at, mut found) = (24, 0);
    while at < file.len() {
        let length = u32::from_le_bytes(file[at + 8..at + 12].try_into().expect("four bytes")) as usize;
        let packet = &file[at + 16..at + 16 + length];
        let port = |at: usize| u16::from_be_bytes([packet[at], packet[at + 1]]);
        assert_eq!((packet[0], packet[9]), (0x45, 17));
        found += usize::from((port(20), port(22)) == (from, to));
        at += 16 + length;
    }
    found
}

#[test]
fn a_call_on_the_sockets_is_recorded() -> Result<()> {
    lab::need_root!();
    recorded(Tier::Sockets, "")
}

#[test]
fn a_call_on_a_packet_thread_is_recorded_and_stays_there() -> Result<()> {
    lab::need_root!();
    recorded(Tier::Worker, "af-xdp on-fast-path")
}

#[test]
fn a_call_on_the_program_is_handed_to_a_packet_thread_while_it_is_recorded() -> Result<()> {
    lab::need_root!();
    recorded(Tier::Auto, "af-xdp on-fast-path")
}

#[test]
fn a_call_that_only_the_program_may_have_goes_through_the_sockets_while_it_is_recorded() -> Result<()> {
    lab::need_root!();
    recorded(Tier::Driver, "userspace recorded")
}

#[test]
fn a_call_on_the_kernel_module_goes_through_the_sockets_while_it_is_recorded() -> Result<()> {
    lab::need_module!();
    recorded(Tier::Kernel, "userspace recorded")
}
