use super::workers::WorkerTier;
use super::{Appliance, Forward};
use crate::placement::TablePath;
use crate::worker::{FastOrder, Idle, Lane};
use afxdp::DriverTable;
use afxdp::egress::{Features, Xdp};
use afxdp::hops::NetlinkHops;
use afxdp::io::{self, Mode, QueuePlace};
use afxdp::steer::{Attached, AttachedMode, Clock, Maps, Program, Sizes};
use flow::{Moment, Path};
use hashbrown::HashMap;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Instant;
use thiserror::Error;

/// Room for addresses that a NIC gets while we run (a reload), half a megabyte each. What finds no room goes through
/// sockets.
const SPARE_ADDRESSES: u32 = 4;

/// A NIC that is ours to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Its index.
    pub ifindex: u32,
    /// How many receive queues it has; packet thread *i* takes queue *i*.
    pub queues: u32,
    /// The addresses whose flows arrive there, and which tier they go to.
    pub addresses: Vec<(IpAddr, Forward)>,
}

/// How the NICs are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Flows there is room for.
    pub flows: u32,
    /// How the sockets are set up.
    pub sockets: io::Options,
    /// How the packet threads wait.
    pub idle: Idle,
}

/// What was obtained of one NIC queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obtained {
    /// The NIC.
    pub nic: String,
    /// The queue.
    pub queue: u32,
    /// Where the program sits: `native` or `generic`.
    pub program: &'static str,
    /// How packets come to the packet thread: `zero-copy`, `copy`, `generic`, or `none` when it has no socket there.
    pub mode: &'static str,
}

impl std::fmt::Display for Obtained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Obtained { nic, queue, program, mode } = self;
        write!(f, "{nic} queue {queue}: program {program}, packet thread {mode}")
    }
}

/// Why there is no AF_XDP on these NICs.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The kernel or a driver refused.
    #[error(transparent)]
    Refused(#[from] afxdp::Error),
    /// The clock or netlink.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// None was named.
    #[error("no network device")]
    NoNic,
}

impl Appliance {
    /// Puts the program on the NICs and gives each packet thread its queues. Where a thread's sockets cannot be had, the
    /// program still carries what it can; the reason is logged.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is left on any NIC then.
    pub fn open(
        nics: &[Nic],
        lanes: Vec<Lane>,
        options: &Options,
        now: Moment,
    ) -> Result<Appliance, OpenError> {
        let sockets: u32 = nics.iter().map(|nic| nic.queues).sum();
        let addresses: u32 = nics.iter().map(|nic| nic.addresses.len() as u32).sum();
        let sizes = Sizes {
            flows: options.flows,
            addresses: addresses + SPARE_ADDRESSES,
            sockets,
            ports: nics.len() as u32,
        };
        let (maps, attached) = attach(nics, sizes)?;
        let clock = Clock::tie(now)?;
        let mut table = DriverTable::new(maps, sizes, NetlinkHops::open()?, clock);
        let mut features = Features::open()?;
        let program = ProgramPlaces::new(nics, &attached);
        for nic in nics {
            table.add_port(nic.ifindex)?;
            if !program.sends_through(nic.ifindex, features.of(nic.ifindex)?) {
                table.set_port_able(nic.ifindex, false);
                tracing::warn!(
                    "{} takes no frames from the XDP program ({}); packets that leave there go through packet threads",
                    nic.name,
                    if is_veth(&nic.name) {
                        "on a veth, switch GRO on at its peer"
                    } else {
                        "its driver cannot"
                    },
                );
            }
        }
        let mut obtained = Vec::new();
        for (nic, attached) in nics.iter().zip(&attached) {
            let program = match attached.mode() {
                AttachedMode::Native => "native",
                AttachedMode::Generic => "generic",
            };
            let queue = |queue| Obtained { nic: nic.name.clone(), queue, program, mode: "none" };
            obtained.extend((0..nic.queues).map(queue));
        }
        let wanted =
            nics.iter().flat_map(|nic| &nic.addresses).any(|(_, forward)| *forward != Forward::Driver);
        let lanes = if wanted {
            open_sockets(nics, &attached, lanes, options, &table, &mut obtained)
        } else {
            Vec::new()
        };
        let forward: HashMap<_, _, _> = nics.iter().flat_map(|nic| nic.addresses.iter().copied()).collect();
        let ports = nics.iter().map(|nic| nic.ifindex).collect();
        Ok(Appliance {
            driver: TablePath::new(table, Path::Driver),
            features,
            program,
            workers: WorkerTier::new(lanes, ports, sockets),
            forward,
            deaf: HashMap::default(),
            obtained,
            told: Vec::new(),
            asked: Instant::now(),
            _attached: attached,
        })
    }
}

/// Where the program sits.
#[derive(Debug)]
pub(super) struct ProgramPlaces {
    by_nic: Vec<(u32, AttachedMode)>,
}

impl ProgramPlaces {
    fn new(nics: &[Nic], attached: &[Attached]) -> ProgramPlaces {
        let modes = attached.iter().map(Attached::mode);
        ProgramPlaces { by_nic: nics.iter().map(|nic| nic.ifindex).zip(modes).collect() }
    }

    /// True when frames of the program leave through a NIC that can do this.
    pub(super) fn sends_through(&self, ifindex: u32, xdp: Xdp) -> bool {
        let native = self.by_nic.iter().any(|(_, mode)| *mode == AttachedMode::Native);
        let arriving = if native { AttachedMode::Native } else { AttachedMode::Generic };
        let here = self.by_nic.iter().find(|(nic, _)| *nic == ifindex).map(|(_, mode)| *mode);
        xdp.takes_frames(arriving, here.unwrap_or(AttachedMode::Generic))
    }
}

/// Virtual devices have no device behind them.
fn is_veth(name: &str) -> bool {
    !std::path::Path::new("/sys/class/net").join(name).join("device").exists()
}

/// Loads the program once per NIC, since each has its own part of the socket map, and puts it there.
fn attach(nics: &[Nic], sizes: Sizes) -> Result<(Maps, Vec<Attached>), OpenError> {
    let mut shared: Option<Maps> = None;
    let mut attached = Vec::with_capacity(nics.len());
    let mut base = 0;
    for nic in nics {
        let program = match &shared {
            Some(maps) => Program::load_next(maps, base, nic.queues)?,
            None => {
                let (program, maps) = Program::load_first(sizes, nic.queues)?;
                shared = Some(maps);
                program
            }
        };
        attached.push(program.attach(nic.ifindex)?);
        base += nic.queues;
    }
    Ok((shared.ok_or(OpenError::NoNic)?, attached))
}

/// Gives each packet thread its sockets; returns the threads that have some.
fn open_sockets(
    nics: &[Nic],
    attached: &[Attached],
    lanes: Vec<Lane>,
    options: &Options,
    table: &DriverTable<NetlinkHops>,
    obtained: &mut [Obtained],
) -> Vec<Lane> {
    let mut open = Vec::new();
    for (number, lane) in (0u32..).zip(lanes) {
        let mut places = Vec::new();
        let mut slots = Vec::new();
        let mut base = 0;
        for (nic, attached) in nics.iter().zip(attached) {
            if number < nic.queues {
                let (interface, ifindex) = (nic.name.clone(), nic.ifindex);
                places.push(QueuePlace { interface, ifindex, queue: number, attached: attached.mode() });
                slots.push(base + number);
            }
            base += nic.queues;
        }
        if places.is_empty() {
            continue;
        }
        match serve(&lane, &places, &slots, options, table) {
            Ok(modes) => {
                for (slot, mode) in slots.into_iter().zip(modes) {
                    obtained[slot as usize].mode = mode.code();
                }
                open.push(lane);
            }
            Err(error) => {
                let names: Vec<String> =
                    places.iter().map(|place| format!("{} queue {}", place.interface, place.queue)).collect();
                tracing::warn!(
                    "packet thread poll-{number} has no AF_XDP sockets on {}: {error}",
                    names.join(", ")
                );
            }
        }
    }
    open
}

fn serve(
    lane: &Lane,
    places: &[QueuePlace],
    slots: &[u32],
    options: &Options,
    table: &DriverTable<NetlinkHops>,
) -> Result<Vec<Mode>, OpenError> {
    let io::Opened { mut io, no_zero_copy } = io::open(places, &options.sockets)?;
    if let Some(why) = no_zero_copy {
        tracing::info!("no zero-copy on {}: {why}", places[0].interface);
    }
    io.allow_kernel_egress()?;
    let modes = io.queues().iter().map(io::XskQueue::mode).collect();
    for (slot, queue) in slots.iter().zip(io.queues()) {
        table.maps().set_socket(*slot, queue.socket().as_fd())?;
    }
    lane.tell(vec![FastOrder::Serve(Box::new(io), options.idle)]).map_err(std::io::Error::other)?;
    Ok(modes)
}
