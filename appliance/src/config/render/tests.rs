//! The written form says what it was made from, and the shown default is the real one.

use std::path::Path;

use super::{default_file, render};
use crate::config::convert::convert_bytes;
use crate::config::raw::{self, Config};
use crate::config::toml_file::read_toml;

fn parsed(text: &str) -> Config {
    let layers = read_toml(Path::new("x.toml"), text);
    let errors: Vec<String> = layers.findings.iter().map(ToString::to_string).collect();
    assert!(errors.iter().all(|text| text.contains("not available")), "{errors:?}\n{text}");
    layers.table.try_into().unwrap()
}

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()))
}

#[test]
fn the_default_file_is_the_generated_one() {
    assert!(
        repository("configs/default.toml") == default_file(),
        "configs/default.toml is stale: rtpengine config default > configs/default.toml"
    );
}

#[test]
fn the_default_file_holds_the_defaults() {
    let mut config = parsed(&default_file());
    assert_eq!(config.interface[0].address.0, ["any"]);
    assert_eq!(config.control.listen_ng, ["127.0.0.1:2223"]);
    config.interface.clear();
    config.control = raw::Control::default();
    assert_eq!(config, Config::default());
}

#[test]
fn every_commented_key_can_be_uncommented() {
    let uncommented: Vec<String> = default_file()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let config = parsed(&uncommented.join("\n"));
    // defaults stay defaults; only keys that have none take their examples
    assert_eq!(config.timeouts.media, raw::Timeouts::default().media);
    assert_eq!(config.limits.sessions, Some(5000));
    for section in raw::SECTIONS {
        for field in section.fields {
            let key = field.key();
            let shown = uncommented.iter().filter(|line| line.starts_with(&format!("{key} = "))).count();
            assert!(shown >= 1, "{}.{key} is not shown", section.name);
        }
    }
}

#[test]
fn what_is_written_is_read_back() {
    let text = "[[interface]]\nname = \"a\"\naddress = [\"eth0\", \"eth1\"]\nadvertise = \"192.0.2.1\"\n\
                queues = \"0-2\"\nmode = \"appliance\"\ntable = 3\nexclude-ports = [5]\n\
                [[interface]]\naddress = \"any\"\n[aliases]\n\"x.y\" = \"a\"\n[templates]\nw = \"a \\\"b\\\" = [c d]\"\n\
                [log]\nlevels = { ice = 3, core = 7 }\n[limits]\nload = 2.0\nbandwidth = 5\n[kernel]\nfallback = false\n";
    let config = parsed(text);
    let written = render(&config);
    assert_eq!(parsed(&written), config, "{written}");
    assert!(written.contains("\nlevels = { core = 7, ice = 3 }\n"), "{written}");
    assert!(written.contains("\n#media = 60\n"), "{written}");
}

#[test]
fn a_classic_file_becomes_toml_and_says_what_it_lost() {
    let file = "[rtpengine]\ninterface = int/192.0.2.1!192.0.2.2;ext/192.0.2.3;back=int\nlisten-ng = 2223\n\
                table = 0\ntos = 184\nredis = localhost\nlog-srtp-keys = true\nfinal-timeout = 0\nbogus = 1\n\
                transcode-config = tc\n[tc-1]\nsource = opus\n[testing]\ntos = 1\n";
    let converted = convert_bytes(Path::new("r.conf"), file.as_bytes(), "rtpengine").unwrap();
    let config = parsed(&converted.toml);
    assert_eq!((config.interface.len(), config.aliases["back"].as_str()), (2, "int"));
    assert_eq!(config.interface[0].advertise.0, ["192.0.2.2"]);
    assert_eq!((config.kernel.table, config.media.tos, config.timeouts.call), (Some(0), 184, None));
    let lost: Vec<String> = converted.lost.iter().map(ToString::to_string).collect();
    assert_eq!(
        lost,
        [
            "r.conf:9:1: unknown key `bogus` in section [rtpengine] (did you mean `tos`?)",
            "r.conf:6:1: `redis` is not carried over (not available in this build: keeping calls in Redis)",
            "r.conf:7:1: `log-srtp-keys` is not carried over (it would have no effect: keys are never logged)",
            "r.conf:10:1: `transcode-config` is not carried over (not available in this build: rules that send calls to a transcoder)",
            "r.conf:11:1: section [tc-1] is not carried over (nothing in the converted section refers to it in a way that TOML knows)",
            "r.conf:13:1: section [testing] is not carried over (nothing in the converted section refers to it in a way that TOML knows)",
        ]
    );
}

#[test]
fn the_classic_example_is_valid() {
    let config = parsed(&repository("configs/classic.toml"));
    assert_eq!(config.kernel.table, Some(0));
    assert!(config.interface.len() >= 2);
}
