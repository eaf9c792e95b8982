//! The tree of /proc/rtpengine, mounted for flows that the module does not forward.

use classic::PATIENCE;
use lab::{Call, Daemon, Pace, Topology};
use std::fs::{OpenOptions, create_dir_all, read_to_string};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder of its own for each test of a process.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("classic-view-{}-{name}", std::process::id()));
    create_dir_all(&path).expect("a folder for the tree");
    path
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().parse().unwrap_or_else(|_| panic!("no {name} in\n{text}"))
}

#[test]
fn scripts_find_userspace_flows_under_another_path() -> lab::Result<()> {
    lab::need_root!();
    if !Path::new("/dev/fuse").exists() {
        lab::skip!("needs /dev/fuse");
    }
    let net = Topology::new()?;
    let at = folder("userspace");
    let config = format!(
        "[control]\nproc-view = \"{}\"\n[[interface]]\nname = \"caller\"\naddress = \"198.51.100.1\"\n\
         [[interface]]\nname = \"callee\"\naddress = \"203.0.113.1\"\n",
        at.display()
    );
    let daemon = Daemon::on(&net).config(&config)?.start()?;
    // `ip netns exec` gives the daemon mounts of its own.
    let tree =
        Path::new("/proc").join(daemon.pid().to_string()).join("root").join(at.strip_prefix("/").unwrap());
    let mut client = daemon.ng()?;
    assert_eq!(read_to_string(tree.join("list")).unwrap(), "0\n");
    let call = Call::set_up(&mut client, &net, "seen", 4000)?;
    call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
    let status = read_to_string(tree.join("0/status")).unwrap();
    assert_eq!(number(&status, "Control PID:"), u64::from(daemon.pid()));
    assert_eq!(number(&status, "Targets:"), 2);
    let list = read_to_string(tree.join("0/list")).unwrap();
    for line in [
        "local inet4 198.51.100.1:",
        "local inet4 203.0.113.1:",
        "dst inet4 198.51.100.10:4000",
        "dst inet4 203.0.113.10:4000",
        "RTP payload type   0:                 3440 bytes,                   20 packets",
    ] {
        assert!(list.contains(line), "{line:?} is not in\n{list}");
    }
    let stats = read_to_string(tree.join("0/stats")).unwrap();
    assert_eq!(number(&stats, "bytes_forwarded"), 2 * 20 * 172);
    let say =
        |line: &str| OpenOptions::new().write(true).open(tree.join("control"))?.write_all(line.as_bytes());
    say("add 5\n").unwrap();
    assert_eq!(read_to_string(tree.join("list")).unwrap(), "0\n5\n");
    say("del 5\n").unwrap();
    assert_eq!(say("del 0\n").unwrap_err().raw_os_error(), Some(16), "it is the daemon's");
    let log = daemon.stop()?;
    assert!(log.contains(&format!("is shown at {}", at.display())), "{log}");
    std::fs::remove_dir(&at).unwrap();
    Ok(())
}
