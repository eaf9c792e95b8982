//! Signals as events of a poll.

use std::io;

use mio::event::Source;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, SIGTERM: end in order.
    Stop,
    /// SIGUSR1: log less, by one level.
    LogLess,
    /// SIGUSR2: log more, by one level.
    LogMore,
    /// SIGHUP: read the configuration again.
    Reload,
}

/// The signals the daemon knows, to be registered with a poll for reading.
pub struct Signals {
    inner: signal_hook_mio::v1_0::Signals,
}

impl std::fmt::Debug for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signals")
    }
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> io::Result<Self> {
        let inner = signal_hook_mio::v1_0::Signals::new([SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGHUP])?;
        Ok(Self { inner })
    }

    /// Those that came since the last call; does not block.
    pub fn pending(&mut self) -> impl Iterator<Item = Signal> + '_ {
        self.inner.pending().filter_map(|number| match number {
            SIGINT | SIGTERM => Some(Signal::Stop),
            SIGUSR1 => Some(Signal::LogLess),
            SIGUSR2 => Some(Signal::LogMore),
            SIGHUP => Some(Signal::Reload),
            _ => None,
        })
    }
}

impl Source for Signals {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.inner.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.inner.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.inner.deregister(registry)
    }
}
