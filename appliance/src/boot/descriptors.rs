//! The limit on open files: each open media port takes one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::error::Error;
use crate::config::budget::{BESIDES_MEDIA, needed_descriptors};
use crate::config::checked::Config;
use crate::config::finding::Finding;

/// How many descriptors the process can have at most. An unlimited one can have as many as the number type holds.
#[must_use]
pub fn descriptor_limit() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(_, hard)| hard)
}

/// Raises the limit to what the port ranges need, beyond the hard limit if the process may. Returns a warning if not
/// every port can be open at a time.
///
/// # Errors
/// When not even the listeners are sure to get theirs.
pub fn raise_descriptors(config: &Config) -> Result<Option<Finding>, Error> {
    let needed = needed_descriptors(config);
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, 0));
    if soft >= needed {
        return Ok(None);
    }
    // only a privileged process may raise the hard limit; the others get what there is
    let got = [(needed, hard.max(needed)), (needed.min(hard), hard)]
        .into_iter()
        .find(|(soft, hard)| setrlimit(Resource::RLIMIT_NOFILE, *soft, *hard).is_ok());
    let limit = got.map_or(soft, |(soft, _)| soft);
    if limit < BESIDES_MEDIA {
        return Err(Error::Descriptors { limit, needed });
    }
    Ok(crate::config::lint::too_few_descriptors(config, limit))
}
