//! Recording.

use std::path::PathBuf;

use super::Builder;
use crate::config::checked::{Recording, Target};
use crate::config::raw;

impl Builder<'_> {
    pub(super) fn recording(&mut self, raw: &raw::Recording) -> Option<Recording> {
        let words = |text: &str| text.to_ascii_lowercase();
        let ethernet = match words(&raw.format).as_str() {
            "raw" => false,
            "eth" => true,
            other => {
                self.wrong_word("recording.format", "a form of packets", other, &["raw", "eth"]);
                return None;
            }
        };
        match words(&raw.method).as_str() {
            "pcap" => {}
            "proc" | "all" => self.warn(
                "recording.method",
                format!("`{}` is recorded as pcap files by the daemon itself", raw.method),
                "write \"pcap\"; no other daemon is needed",
            ),
            other => {
                self.wrong_word("recording.method", "a way to record", other, &["pcap"]);
                return None;
            }
        }
        if let Err(wrong) = crate::record::check_pattern(&raw.pattern) {
            self.wrong("recording.pattern", format!("`{}`: {wrong}", raw.pattern), "for example \"%c-%r\"");
        }
        let file_mode = self.mode("recording.file-mode", &raw.file_mode);
        let folder_mode = self.mode("recording.folder-mode", &raw.folder_mode);
        let target = self.target(raw);
        let folder = given(&raw.folder);
        if target.is_some() && folder.is_none() {
            self.warn("recording.s3-endpoint", "nothing is recorded", "set recording.folder");
        }
        let folder = PathBuf::from(folder?);
        if !folder.is_absolute() {
            self.wrong(
                "recording.folder",
                format!("`{}` is no absolute path", folder.display()),
                "begin it with /",
            );
            return None;
        }
        Some(Recording {
            folder,
            ethernet,
            arriving: raw.both || !raw.egress,
            leaving: raw.both || raw.egress,
            pattern: raw.pattern.clone(),
            file_mode: file_mode?,
            folder_mode: folder_mode?,
            target,
        })
    }

    fn mode(&mut self, path: &str, text: &str) -> Option<u32> {
        let mode = u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|mode| *mode <= 0o777);
        // Whoever cannot read or write what it makes itself has made a mistake.
        let mode = mode.filter(|mode| mode & 0o600 == 0o600);
        if mode.is_none() {
            self.wrong(
                path,
                format!("`{text}` are no permissions"),
                "write them in octal, for example \"0640\"",
            );
        }
        mode
    }

    fn target(&mut self, raw: &raw::Recording) -> Option<Target> {
        let endpoint = given(&raw.s3_endpoint)?;
        let Some(bucket) = given(&raw.s3_bucket) else {
            self.wrong("recording.s3-endpoint", "a bucket is needed", "set recording.s3-bucket");
            return None;
        };
        let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
        if host.is_none_or(str::is_empty) {
            self.wrong(
                "recording.s3-endpoint",
                format!("`{endpoint}` is no URL of a server"),
                "for example \"https://s3.example.com\"",
            );
            return None;
        }
        if endpoint.starts_with("http://") {
            self.warn(
                "recording.s3-endpoint",
                "recordings are sent in clear",
                "use https, unless the network is yours",
            );
        }
        Some(Target {
            endpoint: endpoint.to_owned(),
            bucket: bucket.to_owned(),
            region: raw.s3_region.clone(),
            prefix: raw.s3_prefix.clone(),
            credentials: given(&raw.s3_credentials).map(PathBuf::from),
            authority: given(&raw.s3_authority).map(PathBuf::from),
            path_style: raw.s3_path_style,
            keep: raw.s3_keep,
        })
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
