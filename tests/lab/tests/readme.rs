//! Every configuration a newcomer meets first starts the daemon, as it stands.

use house::{docs, tree};
use lab::{Daemon, Topology, ng};
use std::path::Path;

/// Starts the daemon from `file` in the middle of a lab, whose addresses the examples use.
fn starts_from(file: &Path) -> lab::Result<()> {
    let net = Topology::new()?;
    let config = format!("--config={}", file.display());
    let mut relay = Daemon::on(&net).bare().arg(config).arg("--foreground").arg("--log-stderr").start()?;
    relay.ok(&ng::request("statistics"))?;
    relay.stop()?;
    Ok(())
}

#[test]
fn configurations_in_the_readme_start_the_daemon() -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip!("concerns only our own daemon, and LAB_RELAY names another");
    }
    let readme = std::fs::read_to_string(tree::root().join("README.md")).unwrap();
    let examples: Vec<_> =
        docs::blocks(&readme).into_iter().filter(|block| block.language == "toml").collect();
    assert!(!examples.is_empty(), "the README has no configuration");
    let folder = tempfile::tempdir().unwrap();
    for example in examples {
        let file = folder.path().join(format!("line-{}.toml", example.line));
        std::fs::write(&file, &example.text).unwrap();
        starts_from(&file)?;
    }
    Ok(())
}

#[test]
fn the_configuration_of_the_demo_starts_the_daemon() -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip!("concerns only our own daemon, and LAB_RELAY names another");
    }
    starts_from(&tree::root().join("configs/demo.toml"))
}
