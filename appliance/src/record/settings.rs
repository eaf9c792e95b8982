use super::pcap::Link;
use crate::config::checked;
use std::path::PathBuf;

/// How calls are recorded.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) link: Link,
    pub(super) arriving: bool,
    pub(super) leaving: bool,
    pub(super) pattern: String,
    pub(super) file_mode: u32,
    pub(super) folder_mode: u32,
}

impl Settings {
    pub(super) fn of(config: &checked::Recording) -> Settings {
        Settings {
            folder: config.folder.clone(),
            link: if config.ethernet { Link::Ethernet } else { Link::Raw },
            arriving: config.arriving,
            leaving: config.leaving,
            pattern: config.pattern.clone(),
            file_mode: config.file_mode,
            folder_mode: config.folder_mode,
        }
    }
}
