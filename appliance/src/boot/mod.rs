//! From a checked configuration to a process that may serve: descriptor limit, background, log, signals, pid file.
//! In this order, because a fork must come before threads and a log line must not come before the fork.

mod background;
mod descriptors;
mod error;
pub mod log;
mod memory;
mod pidfile;
mod signals;
mod supervisor;

pub use background::Ready;
pub use descriptors::{descriptor_limit, raise_descriptors};
pub use error::Error;
pub use log::Levels;
pub use memory::give_memory_back;
pub use pidfile::PidFile;
pub use signals::{Signal, Signals};
pub use supervisor::Supervisor;

use crate::config::checked::Config;
use crate::config::finding::Finding;

/// What the desk is given besides its configuration.
#[derive(Debug)]
pub struct Boot {
    /// Log levels, which can be changed while running.
    pub levels: Levels,
    /// Signals, to be registered with the desk's poll.
    pub signals: Signals,
    /// To be told once everything listens.
    pub ready: Ready,
    /// The service manager, to be told of every state.
    pub supervisor: Supervisor,
}

/// Prepares the process. Unless the configuration says foreground, the caller is from here on a child in the
/// background; the parent waits for [`Ready::announce`] and ends with the fate of the child. `warnings` are logged.
///
/// Must be called before any thread is started.
///
/// # Errors
/// When the process cannot be made ready; the text tells what to do.
pub fn boot(config: &Config, warnings: &[Finding]) -> Result<Boot, Error> {
    let lack = raise_descriptors(config)?;
    let pidfile = config.process.pidfile.as_deref().map(std::path::absolute).transpose();
    let pidfile = pidfile.map_err(|wrong| Error::PidFile { path: ".".into(), wrong })?;
    let ready = if config.process.foreground { Ready::foreground() } else { Ready::background()? };
    let log::Started { levels, on_stderr } = log::start(&config.log, config.process.foreground)?;
    for warning in warnings.iter().chain(&lack) {
        tracing::warn!("{warning}");
    }
    let signals = Signals::new().map_err(Error::Signals)?;
    let ready = ready.with(pidfile.map(PidFile::lock).transpose()?, on_stderr);
    Ok(Boot { levels, signals, ready, supervisor: Supervisor::from_environment() })
}
