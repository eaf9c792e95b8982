//! The option table: every option of the classic command line, once. The command line, the key-file reader, the
//! converter and the manual page are all driven by it.

mod control;
mod export;
mod kernel;
mod logging;
mod media;
mod processing;
mod spec;
mod storage;
mod value;

pub use spec::{Availability, Carry, Group, Kind, Opt};
pub use value::{Value, ValueError};

/// All options, by topic, in the order of the manual page.
pub static GROUPS: &[Group] = &[
    control::GENERAL,
    control::LISTENERS,
    kernel::KERNEL,
    media::MEDIA,
    media::THREADS,
    logging::LOGGING,
    storage::REDIS,
    storage::RECORDING,
    storage::CRYPTO,
    processing::DTMF,
    processing::CODECS,
    processing::PLAYER,
    export::EXPORT,
];

/// All options.
pub fn all() -> impl Iterator<Item = &'static Opt> {
    GROUPS.iter().flat_map(|group| group.options.iter())
}

/// The option with this long name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Opt> {
    all().find(|option| option.name == name)
}

/// The known long name that is nearest to `wrong`.
#[must_use]
pub fn nearest(wrong: &str) -> Option<&'static str> {
    super::nearest::nearest(wrong, all().map(|option| option.name))
}

#[cfg(test)]
mod tests;
