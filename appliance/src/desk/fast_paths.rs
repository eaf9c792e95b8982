use crate::config::checked::{Config, Mode};
use crate::kernel::KernelTables;
use crate::placement::Paths;
use crate::worker::Pool;
use flow::{Moment, PathReason};

/// Opens the fast paths that the interfaces name. One that cannot be had is logged, and its interfaces' media goes through
/// the sockets.
pub(super) fn open(config: &Config, kernel: &KernelTables, pool: &Pool, now: Moment) -> Paths {
    let mut paths = Paths::default();
    for (_, local) in config.interfaces.addresses() {
        if local.mode != Mode::Userspace {
            paths.serve(local.addr, Err(PathReason::PathUnavailable));
        }
    }
    module(config, kernel, &mut paths);
    #[cfg(feature = "appliance")]
    appliance(config, pool, now, &mut paths);
    #[cfg(not(feature = "appliance"))]
    let _ = (pool, now);
    paths
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

#[cfg(feature = "appliance")]
fn appliance(config: &Config, pool: &Pool, now: Moment, paths: &mut Paths) {
    use crate::config::checked::Idle as Asked;
    use crate::placement::appliance::{Appliance, Options};
    use crate::worker::Idle;
    use afxdp::io;

    let nics = nics(config);
    if nics.is_empty() {
        return;
    }
    let busy_poll = config.appliance.busy_poll.map(|poll| (poll.microseconds, poll.packets));
    let options = Options {
        flows: config.appliance.flows,
        sockets: io::Options { zero_copy: config.appliance.zero_copy, busy_poll, ..io::Options::default() },
        idle: match config.threads.idle {
            Asked::Busy => Idle::Busy,
            Asked::Adaptive => Idle::Adaptive,
            Asked::Interrupt => Idle::Interrupt,
        },
    };
    match Appliance::open(&nics, pool.lanes(), &options, now) {
        Ok(appliance) => {
            for queue in appliance.obtained() {
                tracing::info!(
                    "{} queue {}: program {}, packet thread {}",
                    queue.nic,
                    queue.queue,
                    queue.program,
                    queue.mode
                );
            }
            let number = paths.add(Box::new(appliance));
            for (addr, _) in nics.iter().flat_map(|nic| &nic.addresses) {
                paths.serve(*addr, Ok(number));
            }
        }
        Err(error) => {
            let names: Vec<&str> = nics.iter().map(|nic| nic.name.as_str()).collect();
            tracing::error!("no AF_XDP on {}, media goes through userspace: {error}", names.join(", "));
        }
    }
}

/// The devices of mode appliance, each with its addresses.
#[cfg(feature = "appliance")]
fn nics(config: &Config) -> Vec<crate::placement::appliance::Nic> {
    use crate::config::checked::Forward as Asked;
    use crate::placement::appliance::{Forward, Nic};

    let mut nics: Vec<Nic> = Vec::new();
    for (_, local) in config.interfaces.addresses().filter(|(_, local)| local.mode == Mode::Appliance) {
        let Some(name) = &local.device else { continue };
        let forward = match local.forward {
            Asked::Auto => Forward::Auto,
            Asked::Driver => Forward::Driver,
            Asked::Worker => Forward::Worker,
        };
        let address = (local.addr, forward);
        if let Some(known) = nics.iter_mut().find(|nic| nic.name == *name) {
            known.addresses.push(address);
            continue;
        }
        match nix::net::if_::if_nametoindex(name.as_str()) {
            Ok(ifindex) => {
                let queues = std::fs::read_dir(format!("/sys/class/net/{name}/queues")).map_or(1, |all| {
                    all.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("rx-")).count()
                });
                let queues = local.queues.unwrap_or(u32::MAX).min(queues as u32);
                nics.push(Nic { name: name.clone(), ifindex, queues, addresses: vec![address] });
            }
            Err(error) => tracing::error!("no network device {name}: {error}"),
        }
    }
    nics
}
