use crate::config::checked::{Config, Mode};
use crate::kernel::KernelTables;
use crate::placement::Paths;
use crate::worker::Pool;
use flow::{Moment, PathReason};

/// Opens the fast paths that the interfaces name. One that cannot be had is logged, and its interfaces' media goes through
/// the sockets.
pub(super) fn open(config: &Config, kernel: &KernelTables, pool: &Pool, now: Moment) -> (Paths, Nics) {
    let mut paths = Paths::default();
    paths.learn_by(Box::new(pool.posts()));
    for (_, local) in config.interfaces.addresses() {
        if local.mode != Mode::Userspace {
            paths.serve(local.addr, Err(PathReason::PathUnavailable));
        }
    }
    module(config, kernel, &mut paths);
    #[cfg(feature = "appliance")]
    let nics = appliance(config, pool, now, &mut paths);
    #[cfg(not(feature = "appliance"))]
    let nics = {
        let _ = (pool, now);
        Nics {}
    };
    (paths, nics)
}

/// What the fast paths are made of.
#[derive(Debug)]
pub struct FastPaths {
    /// Which path carries which flow.
    pub paths: Paths,
    /// The tables of the kernel module.
    pub kernel: KernelTables,
    /// The NICs of mode appliance.
    pub nics: Nics,
}

/// NICs that are laid out for us.
#[derive(Debug, Default)]
pub struct Nics {
    #[cfg(feature = "appliance")]
    prepared: Vec<crate::nic::PreparedNic>,
}

/// Each table of the kernel module serves the addresses that name it.
fn module(config: &Config, kernel: &KernelTables, paths: &mut Paths) {
    for id in kernel.ids() {
        let Some(path) = kernel.path(id) else { continue };
        let number = paths.add(path);
        let locals = config.interfaces.addresses().map(|(_, local)| local);
        for local in locals.filter(|local| local.mode == Mode::Kernel && local.table == Some(id)) {
            paths.serve(local.addr, Ok(number));
        }
    }
}

impl Nics {
    /// Puts the NICs back as they were; to be called when the packet threads have ended.
    pub(super) fn put_back(self) {
        #[cfg(feature = "appliance")]
        for nic in self.prepared {
            nic.restore();
        }
    }
}

#[cfg(feature = "appliance")]
fn appliance(config: &Config, pool: &Pool, now: Moment, paths: &mut Paths) -> Nics {
    use crate::config::checked::{Forward as AskedForward, Idle as AskedIdle};
    use crate::placement::FastPath;
    use crate::placement::appliance::{Appliance, Forward, Nic, Options};
    use crate::worker::Idle;
    use afxdp::io;

    let wanted = config.interfaces.addresses().any(|(_, local)| local.mode == Mode::Appliance);
    let unavailable = |error: &dyn std::fmt::Display| {
        if wanted {
            tracing::error!(
                "mode appliance is not available, its interfaces' media goes through userspace: {error}"
            );
        } else {
            // Only what a process of the past may have left on NICs was looked for.
            tracing::debug!("NICs were not looked at: {error}");
        }
    };
    let prepared = match crate::nic::prepare(config) {
        Ok(prepared) => prepared,
        Err(error) => {
            unavailable(&error);
            return Nics::default();
        }
    };
    if prepared.is_empty() {
        return Nics::default();
    }
    let forward = |asked| match asked {
        AskedForward::Auto => Forward::Auto,
        AskedForward::Driver => Forward::Driver,
        AskedForward::Worker => Forward::Worker,
    };
    let nic = |nic: &crate::nic::PreparedNic| Nic {
        name: nic.name.clone(),
        ifindex: nic.ifindex,
        queues: nic.queues,
        addresses: nic.addresses.iter().map(|(addr, asked)| (*addr, forward(*asked))).collect(),
    };
    let nics: Vec<Nic> = prepared.iter().map(nic).collect();
    let busy_poll = config.appliance.busy_poll.map(|poll| (poll.microseconds, poll.packets));
    let options = Options {
        flows: config.appliance.flows,
        sockets: io::Options { zero_copy: config.appliance.zero_copy, busy_poll, ..io::Options::default() },
        idle: match config.threads.idle {
            AskedIdle::Busy => Idle::Busy,
            AskedIdle::Adaptive => Idle::Adaptive,
            AskedIdle::Interrupt => Idle::Interrupt,
        },
    };
    match Appliance::open(&nics, pool.lanes(), &options, now) {
        Ok(appliance) => {
            for queue in appliance.obtained() {
                tracing::info!("{queue}");
            }
            let number = paths.add(Box::new(appliance));
            for (addr, _) in nics.iter().flat_map(|nic| &nic.addresses) {
                paths.serve(*addr, Ok(number));
            }
        }
        Err(error) => {
            unavailable(&error);
            return Nics::default();
        }
    }
    Nics { prepared }
}
