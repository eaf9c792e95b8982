//! What the bare forwarders have in common: the NICs they are told of, and where to find them as a program.

use crate::BenchError;
use crate::stage::mac;
use std::path::PathBuf;

/// One of the two NICs of a bare forwarder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The interface.
    pub name: String,
    /// Its MAC address.
    pub mac: [u8; 6],
    /// The MAC address at the other end of the wire.
    pub peer: [u8; 6],
}

impl std::str::FromStr for Port {
    type Err = BenchError;

    fn from_str(text: &str) -> Result<Port, BenchError> {
        match text.split(',').collect::<Vec<_>>()[..] {
            [name, own, peer] => Ok(Port { name: name.to_owned(), mac: mac(own)?, peer: mac(peer)? }),
            _ => Err(BenchError::Profile(format!("{text}: NAME,MAC,PEER'S MAC was expected"))),
        }
    }
}

impl Port {
    /// The index of the interface.
    pub(crate) fn index(&self) -> Result<u32, BenchError> {
        nix::net::if_::if_nametoindex(self.name.as_str()).map_err(BenchError::errno(self.name.clone()))
    }
}

/// The program that has the bare forwarders as commands: this one, or the one beside the test that runs.
///
/// # Errors
/// When it is not there.
pub(crate) fn program() -> Result<PathBuf, BenchError> {
    let me = std::env::current_exe().map_err(BenchError::system("finding this program"))?;
    if me.file_name().is_some_and(|name| name == "bench") {
        return Ok(me);
    }
    let beside = me.parent().and_then(|deps| deps.parent()).map(|folder| folder.join("bench"));
    beside
        .filter(|path| path.is_file())
        .ok_or_else(|| BenchError::Profile("the program `bench` is not beside this one".to_owned()))
}
