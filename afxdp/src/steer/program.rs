use super::maps::{Maps, Sizes};
use super::skeleton::{OpenSteerSkel, SteerSkelBuilder};
use crate::{Error, retry, sys};
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// One load of the XDP program, for one NIC.
#[derive(Debug)]
pub struct Program {
    fd: OwnedFd,
}

/// How the program sits on its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedMode {
    /// In the driver's receive path.
    Native,
    /// After the kernel has made a socket buffer of every packet; slower, but works with every interface.
    Generic,
}

/// The program on an interface. Dropping it, or the death of the process, takes the program off.
#[derive(Debug)]
pub struct Attached {
    mode: AttachedMode,
    _link: OwnedFd,
}

/// What the program did with a stored packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// XDP action: 1 drop, 2 pass, 3 transmit, 4 redirect.
    pub action: u32,
    /// The packet afterwards.
    pub frame: Vec<u8>,
}

fn load_error(error: libbpf_rs::Error) -> Error {
    Error::Load(format!("{error:#}"))
}

impl Program {
    /// Loads the program for the first NIC and makes the maps, whose sizes are then fixed.
    ///
    /// # Errors
    /// Missing privilege or an old kernel; the text of the verifier, if it refused.
    pub fn load_first(sizes: Sizes, sockets: u32) -> Result<(Program, Maps), Error> {
        let mut place = MaybeUninit::uninit();
        let mut open = SteerSkelBuilder::default().open(&mut place).map_err(load_error)?;
        sizes.apply(&mut open)?;
        let (program, skeleton) = Program::load_opened(open, 0, sockets)?;
        Ok((program, Maps::of(&skeleton.maps)?))
    }

    /// Loads the program for one more NIC, whose sockets start at place `base` of the socket map.
    ///
    /// # Errors
    /// As [`Program::load_first`].
    pub fn load_next(maps: &Maps, base: u32, sockets: u32) -> Result<Program, Error> {
        let mut place = MaybeUninit::uninit();
        let mut open = SteerSkelBuilder::default().open(&mut place).map_err(load_error)?;
        maps.share_with(&mut open)?;
        Ok(Program::load_opened(open, base, sockets)?.0)
    }

    fn load_opened<'a>(
        mut open: OpenSteerSkel<'a>,
        base: u32,
        sockets: u32,
    ) -> Result<(Program, super::skeleton::SteerSkel<'a>), Error> {
        let rodata = open
            .maps
            .rodata_data
            .as_deref_mut()
            .ok_or_else(|| Error::Load("the object has no constants".to_owned()))?;
        rodata.socket_base = base;
        rodata.socket_count = sockets;
        let skeleton = open.load().map_err(load_error)?;
        let fd = skeleton
            .progs
            .steer
            .as_fd()
            .try_clone_to_owned()
            .map_err(Error::sys("keeping the XDP program"))?;
        Ok((Program { fd }, skeleton))
    }

    /// Puts the program on an interface: in its driver where that can, else in the generic place.
    ///
    /// # Errors
    /// When neither works; `EBUSY` says that another program is there already.
    pub fn attach(&self, ifindex: u32) -> Result<Attached, Error> {
        let native = self.link(ifindex, sys::XDP_FLAGS_DRV_MODE);
        let (link, mode) = match native {
            Ok(link) => (Ok(link), AttachedMode::Native),
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => (Err(error), AttachedMode::Native),
            Err(_) => (self.link(ifindex, sys::XDP_FLAGS_SKB_MODE), AttachedMode::Generic),
        };
        let link = link.map_err(Error::sys(format!("attaching the XDP program to interface {ifindex}")))?;
        Ok(Attached { mode, _link: link })
    }

    /// Puts the program in the generic place of an interface, even if its driver could run it.
    ///
    /// # Errors
    /// `EBUSY` when another program is there already.
    pub fn attach_generic(&self, ifindex: u32) -> Result<Attached, Error> {
        let link = self
            .link(ifindex, sys::XDP_FLAGS_SKB_MODE)
            .map_err(Error::sys(format!("attaching the XDP program to interface {ifindex}")))?;
        Ok(Attached { mode: AttachedMode::Generic, _link: link })
    }

    /// A predecessor's link may still be going away, and nobody is told when it has.
    fn link(&self, ifindex: u32, flags: u32) -> io::Result<OwnedFd> {
        retry::while_busy(|| sys::link_xdp(self.fd.as_fd(), ifindex, flags))
    }

    /// Runs a stored packet through the program without any NIC; counters and meters count. The packet seems to
    /// arrive at queue 0 of the loopback interface.
    ///
    /// # Errors
    /// When the kernel refuses, for example a frame shorter than an Ethernet header.
    pub fn rehearse(&self, frame: &[u8]) -> Result<Rehearsal, Error> {
        let (action, frame) = sys::test_run(self.fd.as_fd(), frame)
            .map_err(Error::sys("running a stored packet through the XDP program"))?;
        Ok(Rehearsal { action, frame })
    }
}

impl AsFd for Program {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Attached {
    /// Where the program sits.
    pub fn mode(&self) -> AttachedMode {
        self.mode
    }
}
