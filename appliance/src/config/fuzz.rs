//! Bodies of the fuzz targets: any bytes may come, and nothing may panic or run away.

use std::path::Path;

use super::convert::convert_bytes;
use super::legacy::{KeyFile, list, text};
use super::toml_file::read_toml;

/// A classic configuration file: parsed, decoded, converted; what was converted must be valid TOML of ours.
pub fn legacy(data: &[u8]) {
    let Ok(keys) = KeyFile::parse(data) else { return };
    for group in &keys.groups {
        for entry in &group.entries {
            if let Ok(elements) = list(&entry.value) {
                assert!(elements.len() <= entry.value.len() + 1, "a list grew");
            }
            if let Ok(text) = text(&entry.value) {
                assert!(text.len() <= entry.value.len(), "a text grew");
            }
        }
        if let Ok(converted) = convert_bytes(Path::new("fuzz.conf"), data, &group.name) {
            let layers = read_toml(Path::new("fuzz.toml"), &converted.toml);
            let errors: Vec<_> = layers
                .findings
                .iter()
                .filter(|finding| finding.severity == super::finding::Severity::Error)
                .collect();
            assert!(errors.is_empty(), "converted to wrong TOML: {errors:?}\n{}", converted.toml);
        }
    }
}

/// A TOML configuration file.
pub fn toml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    read_toml(Path::new("fuzz.toml"), &text);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    const CORPUS: &[&[u8]] = &[
        b"",
        b"[rtpengine]\n",
        b"[rtpengine]\ninterface = a/1.2.3.4!5.6.7.8 ; b=a\nlisten-ng = 2223\ntable=-1\n",
        b"[rtpengine]\r\ninterfaces-config = i\r\ntemplates=t\r\n[i-a]\r\naddress=any\r\nexclude-ports=1;2;\r\n[t]\r\nx=y z\r\n",
        b"[rtpengine]\ninterface = x.y/1.2.3.4;q.r=x.y\n[t]\na.b=\\s\\\\\n",
        b"[rtpengine]\nport-min=9\nport-max=\n=\n",
        b"[a]\n[a]\nb=\\q\n\xff\n",
        b"[rtpengine]\nmax-load=1e999\nmax-cpu=nan\nlog-level-ice=-1\n",
        b"[rtpengine]\ninterfaces-config=i\n[i-a]\naddress=1.1.1.1\nexclude-ports=0-4294967295\n",
    ];

    #[test]
    fn the_corpus_passes() {
        for data in CORPUS {
            super::legacy(data);
            super::toml(data);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_pass(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            super::legacy(&data);
            super::toml(&data);
        }

        #[test]
        fn any_lines_pass(lines in proptest::collection::vec("(\\[(rtpengine|i-a|t)\\]|(interface|listen-ng|templates|interfaces-config|port-min|table|x)=[ -~]{0,30}|address=[ -~]{0,9})", 0..12)) {
            super::legacy(format!("[rtpengine]\n{}", lines.join("\n")).as_bytes());
        }
    }
}
