//! Recording.

use std::path::PathBuf;

/// How calls are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The folder for recordings.
    pub folder: PathBuf,
    /// Packets begin with an Ethernet header.
    pub ethernet: bool,
    /// Record what comes from the parties.
    pub arriving: bool,
    /// Record what leaves to them.
    pub leaving: bool,
    /// Names of files.
    pub pattern: String,
    /// Permissions of files.
    pub file_mode: u32,
    /// Permissions of folders.
    pub folder_mode: u32,
    /// Where recordings are uploaded to.
    pub target: Option<Target>,
}

/// A bucket of a server that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// URL of the server.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// What names in the bucket begin with.
    pub prefix: String,
    /// File with the credentials; None takes them from the environment.
    pub credentials: Option<PathBuf>,
    /// File with the certificates that are trusted; None takes those of the system.
    pub authority: Option<PathBuf>,
    /// The bucket is in the path and not in the host's name.
    pub path_style: bool,
    /// Keep files that were uploaded.
    pub keep: bool,
}
