use std::io;
use thiserror::Error;

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What stands between us and the kernel module. The texts are for operators.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no `/proc/rtpengine`.
    #[error("the kernel module is not loaded: there is no {0} (modprobe xt_RTPENGINE)")]
    NoModule(String),
    /// Table numbers are below 64.
    #[error("table {0} does not exist: table numbers go from 0 to 63")]
    NoSuchNumber(u32),
    /// The table has not been made.
    #[error("kernel table {0} does not exist")]
    NoTable(u32),
    /// The table has been made already.
    #[error("kernel table {0} exists already")]
    TableExists(u32),
    /// Another process forwards with this table.
    #[error("kernel table {table} is owned by {}", owner(*.pid))]
    Owned {
        /// The table.
        table: u32,
        /// Process id of the owner, 0 when it cannot be seen from here.
        pid: i32,
    },
    /// The module was built from another ABI.
    #[error(
        "the kernel module {module} speaks ABI version {theirs}, this daemon speaks version {ours}: install a \
         matching module and load it"
    )]
    Version {
        /// Version text of the module.
        module: String,
        /// ABI version of the module.
        theirs: u32,
        /// ABI version of this crate.
        ours: u32,
    },
    /// Same version, other struct: one of the two was built from changed sources.
    #[error(
        "the kernel module {module} and this daemon both speak ABI version {version}, but {name} is {theirs} bytes in \
         the module and {ours} here: they were not built from the same sources"
    )]
    Size {
        /// Version text of the module.
        module: String,
        /// ABI version of both.
        version: u32,
        /// The struct.
        name: &'static str,
        /// Its size in the module.
        theirs: u32,
        /// Its size here.
        ours: u32,
    },
    /// What the file gave is not our module's greeting.
    #[error("{0} does not answer like the module xt_RTPENGINE: another module with the same name is loaded")]
    Foreign(String),
    /// The flows of a table live in another network namespace.
    #[error("the flows of kernel table {0} belong to another network namespace and cannot be adopted")]
    OtherNamespace(u32),
    /// A file operation failed.
    #[error("{what}: {cause}")]
    File {
        /// What was tried.
        what: String,
        /// Why it failed.
        cause: io::Error,
    },
}

fn owner(pid: i32) -> String {
    if pid == 0 { "another process".to_owned() } else { format!("process {pid}") }
}

impl Error {
    pub(crate) fn file(what: impl Into<String>, cause: io::Error) -> Error {
        Error::File { what: what.into(), cause }
    }
}
