use compat_procfs::rules::RulesError;
use thiserror::Error;

/// Why the kernel module cannot be used, in words for an operator.
#[derive(Debug, Error)]
pub enum Error {
    /// A table cannot be had.
    #[error("kernel table {table} cannot be used: {cause}")]
    Table {
        /// Its number.
        table: u8,
        /// Why.
        cause: compat_procfs::Error,
    },
    /// The firewall rules cannot be written.
    #[error("the firewall rules for kernel table {table} cannot be written: {cause}")]
    Rules {
        /// The table they lead to.
        table: u8,
        /// Why.
        cause: RulesError,
    },
    /// One of the above, and the configuration forbids to go on without.
    #[error("{0}; userspace fallback is disallowed (kernel.fallback, --no-fallback)")]
    NoFallback(Box<Error>),
}
