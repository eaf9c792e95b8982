use super::skeleton::LookupSkelBuilder;
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use libbpf_rs::{MapCore, MapFlags, MapHandle};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use thiserror::Error;

/// The namespace of the thread that asks.
const HERE: &str = "/proc/thread-self/ns/net";
/// A byte for each port, of which 0 is nobody.
const MOST_THREADS: usize = 255;

/// Why the program cannot be had.
#[derive(Debug, Error)]
pub enum LookupError {
    /// More packet threads than a byte can number.
    #[error("{0} packet threads are too many for shared sockets: 255 at most")]
    Threads(usize),
    /// The kernel did not take it.
    #[error(
        "the kernel refuses the program that chooses sockets (needs Linux 5.9, CAP_BPF and CAP_NET_ADMIN): {0}"
    )]
    Load(String),
    /// The kernel did not put it in its place.
    #[error(
        "the program that chooses sockets cannot be attached to the network namespace (needs CAP_NET_ADMIN): {0}"
    )]
    Attach(String),
    /// A map refused an entry.
    #[error("BPF map {map}: {reason}")]
    Map {
        /// Its name.
        map: &'static str,
        /// What the kernel said.
        reason: String,
    },
}

fn map_error(map: &'static str) -> impl FnOnce(libbpf_rs::Error) -> LookupError {
    move |error| LookupError::Map { map, reason: format!("{error:#}") }
}

/// The program at work in the network namespace of the thread that made it. It goes with this value, or with the
/// process.
#[derive(Debug)]
pub struct Lookup {
    addresses: MapHandle,
    owners: MapHandle,
    sockets: MapHandle,
    _link: OwnedFd,
}

impl Lookup {
    /// Loads and attaches the program. Address number `n` of `addresses` has its ports in the `n`th 65536 bytes of
    /// [`Lookup::owners`], none of them taken; no thread has a socket yet. There is room for `spare` more addresses.
    ///
    /// # Errors
    /// [`LookupError`]; missing privilege or an old kernel are the usual ones.
    pub fn attach(addresses: &[IpAddr], spare: usize, threads: usize) -> Result<Lookup, LookupError> {
        if threads > MOST_THREADS {
            return Err(LookupError::Threads(threads));
        }
        let load = |error: libbpf_rs::Error| LookupError::Load(format!("{error:#}"));
        let count = (addresses.len() + spare).max(1) as u32;
        let mut place = MaybeUninit::uninit();
        let mut open = LookupSkelBuilder::default().open(&mut place).map_err(load)?;
        open.maps.ADDRESSES.set_max_entries(count).map_err(map_error("ADDRESSES"))?;
        open.maps.OWNERS.set_max_entries(count).map_err(map_error("OWNERS"))?;
        open.maps.SOCKETS.set_max_entries(threads.max(1) as u32 * 2).map_err(map_error("SOCKETS"))?;
        let skeleton = open.load().map_err(load)?;
        let numbers = MapHandle::try_from(&skeleton.maps.ADDRESSES).map_err(map_error("ADDRESSES"))?;
        for (number, addr) in addresses.iter().enumerate() {
            put(&numbers, number, *addr)?;
        }
        let owners = MapHandle::try_from(&skeleton.maps.OWNERS).map_err(map_error("OWNERS"))?;
        let sockets = MapHandle::try_from(&skeleton.maps.SOCKETS).map_err(map_error("SOCKETS"))?;
        let attach = |error: io::Error| LookupError::Attach(error.to_string());
        let namespace = File::open(HERE).map_err(attach)?;
        let link = skeleton.progs.choose.attach_netns(namespace.as_raw_fd());
        let link = link.map_err(|error| LookupError::Attach(format!("{error:#}")))?;
        // The kernel keeps the program attached for as long as a descriptor of the link is open.
        let link = link.as_fd().try_clone_to_owned().map_err(attach)?;
        Ok(Lookup { addresses: numbers, owners, sockets, _link: link })
    }

    /// The memory that says whose a port is: a byte for each, 0 or the number of the thread + 1. To be mapped shared.
    pub fn owners(&self) -> BorrowedFd<'_> {
        self.owners.as_fd()
    }

    /// Looks at packets to this address from now on; its ports are in the `number`th 65536 bytes.
    ///
    /// # Errors
    /// What the kernel said, for instance that there is no room.
    pub fn add(&self, number: usize, addr: IpAddr) -> Result<(), LookupError> {
        put(&self.addresses, number, addr)
    }

    /// Gives packets of the ports of a thread to this socket, which must be bound to something of its family.
    ///
    /// # Errors
    /// What the kernel said.
    pub fn serve(&self, thread: usize, v6: bool, socket: BorrowedFd<'_>) -> Result<(), LookupError> {
        let slot = thread as u32 * 2 + u32::from(v6);
        let descriptor = socket.as_raw_fd() as u64;
        let update = self.sockets.update(&slot.to_ne_bytes(), &descriptor.to_ne_bytes(), MapFlags::ANY);
        update.map_err(map_error("SOCKETS"))
    }
}

fn put(addresses: &MapHandle, number: usize, addr: IpAddr) -> Result<(), LookupError> {
    let value = (number as u32).to_ne_bytes();
    addresses.update(&key(addr), &value, MapFlags::ANY).map_err(map_error("ADDRESSES"))
}

/// An address as the program writes it.
fn key(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}
