use std::io;
use thiserror::Error;

/// Why nothing could be measured.
#[derive(Debug, Error)]
pub enum BenchError {
    /// Namespaces, the daemon, ng.
    #[error(transparent)]
    Lab(#[from] lab::LabError),
    /// The XDP program and sockets of the bare forwarder.
    #[error(transparent)]
    Afxdp(#[from] afxdp::Error),
    /// The traffic programs.
    #[error("{what}: {source}")]
    Bpf {
        /// What was done.
        what: &'static str,
        /// What libbpf or the kernel says.
        source: libbpf_rs::Error,
    },
    /// A file or a system call.
    #[error("{what}: {source}")]
    System {
        /// What was done.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// The profile.
    #[error("{0}")]
    Profile(String),
    /// The subject does not do what is to be measured.
    #[error("{subject}: {what}")]
    Unfit {
        /// Its name.
        subject: String,
        /// What it does or does not.
        what: String,
    },
}

impl BenchError {
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> BenchError {
        move |source| BenchError::System { what: what.into(), source }
    }

    pub(crate) fn errno(what: impl Into<String>) -> impl FnOnce(nix::errno::Errno) -> BenchError {
        move |errno| BenchError::System { what: what.into(), source: errno.into() }
    }

    pub(crate) fn bpf(what: &'static str) -> impl FnOnce(libbpf_rs::Error) -> BenchError {
        move |source| BenchError::Bpf { what, source }
    }
}
