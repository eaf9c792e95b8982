use super::message::{Device, Family, Message};
use super::{Source, Xdp, driver};
use crate::Error;
use crate::netlink::Netlink;
use crate::sys::Ethtool;
use netlink_sys::protocols::NETLINK_GENERIC;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::fd::RawFd;

/// What the NICs of the network namespace it was opened in can do with XDP frames.
///
/// Every answer given is watched from then on: [`Features::process`] says which have become others.
#[derive(Debug)]
pub struct Features {
    /// `None`: an older kernel, which cannot be asked.
    kernel: Option<Kernel>,
    known: HashMap<u32, Xdp>,
}

#[derive(Debug)]
struct Kernel {
    netlink: Netlink<Message>,
    family: u16,
}

impl Features {
    /// Begins to listen to the kernel; where the kernel is too old to be asked (before 6.3), answers come from a list
    /// of drivers.
    ///
    /// # Errors
    /// When netlink fails.
    pub fn open() -> Result<Features, Error> {
        let kernel = Kernel::open().map_err(Error::sys("asking for the netlink family netdev"))?;
        Ok(Features { kernel, known: HashMap::new() })
    }

    /// Answers from the list of drivers only, as on an older kernel.
    pub fn from_driver_list() -> Features {
        Features { kernel: None, known: HashMap::new() }
    }

    /// Who answers.
    pub fn source(&self) -> Source {
        if self.kernel.is_some() { Source::Kernel } else { Source::DriverList }
    }

    /// What a NIC can do now. From the list of drivers, the calling thread must be in the NIC's network namespace.
    ///
    /// # Errors
    /// `ENODEV` when there is no such interface.
    pub fn of(&mut self, ifindex: u32) -> Result<Xdp, Error> {
        if let Some(known) = self.known.get(&ifindex) {
            return Ok(*known);
        }
        let xdp = match &self.kernel {
            Some(kernel) => kernel.of(ifindex),
            // An interface whose driver says nothing of itself is none that we know.
            None => Ethtool::at(ifindex).map(|nic| driver::known(&nic.driver().unwrap_or_default())),
        };
        let xdp = xdp.map_err(Error::sys(format!("asking what interface {ifindex} can do")))?;
        self.known.insert(ifindex, xdp);
        Ok(xdp)
    }

    /// Readable when there is something to process; `None` when nothing will ever be.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.kernel.as_ref().map(|kernel| kernel.netlink.events_fd())
    }

    /// Takes in what has happened, and returns the interfaces whose answer is another now, in rising order. An
    /// interface that is gone can do nothing, until its index is given to another.
    ///
    /// # Errors
    /// When netlink fails for good.
    pub fn process(&mut self) -> Result<Vec<u32>, Error> {
        let Some(kernel) = &self.kernel else { return Ok(Vec::new()) };
        let mut news = Vec::new();
        let heard = kernel.netlink.happened(&mut |message| news.extend(message.device(kernel.family)));
        match heard {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => news = self.ask_again(kernel)?,
            Err(error) => return Err(Error::sys("hearing what interfaces can do")(error)),
        }
        Ok(self.apply(&news))
    }

    /// Events were lost: what is watched is asked for anew.
    fn ask_again(&self, kernel: &Kernel) -> Result<Vec<Device>, Error> {
        let mut news = Vec::new();
        for &ifindex in self.known.keys() {
            news.push(match kernel.ask(ifindex) {
                Ok(device) => device,
                Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Device::Gone { ifindex },
                Err(error) => return Err(Error::sys("asking again what interfaces can do")(error)),
            });
        }
        Ok(news)
    }

    fn apply(&mut self, news: &[Device]) -> Vec<u32> {
        let before = self.known.clone();
        let mut touched = BTreeSet::new();
        for device in news {
            let (ifindex, xdp) = match *device {
                Device::Has { ifindex, bits } => (ifindex, Xdp::from_kernel(bits)),
                Device::Gone { ifindex } => (ifindex, Xdp::nothing(Source::Kernel)),
            };
            if let Some(known) = self.known.get_mut(&ifindex) {
                *known = xdp;
                touched.insert(ifindex);
            }
        }
        touched.into_iter().filter(|ifindex| before.get(ifindex) != self.known.get(ifindex)).collect()
    }
}

impl Kernel {
    /// `None` when the kernel has no such family.
    fn open() -> io::Result<Option<Kernel>> {
        let mut netlink = match Netlink::<Message>::open(NETLINK_GENERIC) {
            Ok(netlink) => netlink,
            Err(error) if error.raw_os_error() == Some(libc::EPROTONOSUPPORT) => return Ok(None),
            Err(error) => return Err(error),
        };
        let answers = match netlink.ask(Message::which_family()) {
            Ok(answers) => answers,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(Family { id, group }) = answers.iter().find_map(Message::family) else { return Ok(None) };
        // Heard before the first question, so that no change falls between.
        netlink.join(group)?;
        Ok(Some(Kernel { netlink, family: id }))
    }

    fn of(&self, ifindex: u32) -> io::Result<Xdp> {
        match self.ask(ifindex)? {
            Device::Has { bits, .. } => Ok(Xdp::from_kernel(bits)),
            Device::Gone { .. } => Err(io::Error::from_raw_os_error(libc::ENODEV)),
        }
    }

    fn ask(&self, ifindex: u32) -> io::Result<Device> {
        let answers = self.netlink.ask(Message::which_features(self.family, ifindex))?;
        let device = answers.iter().find_map(|answer| answer.device(self.family));
        device.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}
