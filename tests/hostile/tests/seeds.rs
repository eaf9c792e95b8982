//! Plays the seeds of the fuzz targets through the same bodies, without a fuzzer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

type Body = fn(&[u8]);

/// Each target, and what it calls.
const TARGETS: &[(&str, &str, Body)] = &[
    ("bencode", "ng::fuzz::bencode", ng::fuzz::bencode),
    ("dtls", "dtls::fuzz::datagrams", dtls::fuzz::datagrams),
    ("dtls_network", "dtls::fuzz::network", dtls::fuzz::network),
    ("engine", "engine::fuzz::keys", engine::fuzz::keys),
    ("ice_agent", "ice::fuzz::agent", ice::fuzz::agent),
    ("json_request", "ng::fuzz::json_request", ng::fuzz::json_request),
    ("legacy", "rtpengine::config::fuzz::legacy", rtpengine::config::fuzz::legacy),
    ("request", "ng::fuzz::request", ng::fuzz::request),
    ("rtcp", "rtp::fuzz::rtcp", rtp::fuzz::rtcp),
    ("rtp", "rtp::fuzz::rtp", rtp::fuzz::rtp),
    ("rtpp_flags", "ng::fuzz::rtpp_flags", ng::fuzz::rtpp_flags),
    ("sdes", "srtp::fuzz::sdes", srtp::fuzz::sdes),
    ("sdp", "sdp::fuzz::body", sdp::fuzz::body),
    ("srtp", "srtp::fuzz::open", srtp::fuzz::open),
    ("stun", "ice::fuzz::stun", ice::fuzz::stun),
    ("toml", "rtpengine::config::fuzz::toml", rtpengine::config::fuzz::toml),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// Names of the files in a folder of the fuzz project, without endings.
fn names(folder: &str) -> BTreeSet<String> {
    let path = fuzz().join(folder);
    let entries = std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

#[test]
fn every_seed_passes() {
    for (target, _, body) in TARGETS {
        let seeds = names(&format!("seeds/{target}"));
        assert!(seeds.len() >= 3, "{target} has {} seeds", seeds.len());
        for seed in seeds {
            let bytes = std::fs::read(fuzz().join("seeds").join(target).join(&seed)).unwrap();
            assert!(bytes.len() < 10_000, "{target}/{seed} is no small seed");
            // A failure names the seed in the output of the test.
            println!("{target}/{seed}");
            body(&bytes);
        }
    }
}

#[test]
fn the_fuzz_project_has_these_targets_and_no_others() {
    let here: BTreeSet<String> = TARGETS.iter().map(|(target, ..)| (*target).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), here);
    assert_eq!(names("seeds"), here);
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for (target, called, _) in TARGETS {
        let source = std::fs::read_to_string(fuzz().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(source.contains(&format!("{called}(data)")), "{target} calls something else:\n{source}");
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")),
            "{target} is not in Cargo.toml"
        );
    }
}
