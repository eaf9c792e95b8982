//! NICs of mode appliance, and whether the kernel takes the XDP program.

use super::offload;
use super::{Code, Finding, Need, State, Subject, System};
use crate::config::checked::{Idle, Mode, Share};
use crate::nic::{Error, Surveyed, survey};
use afxdp::nic::XdpFacts;
use afxdp::steer::{AttachedMode, Maps, Program, Sizes};

/// Codes that are about each NIC.
const PER_NIC: &[Code] = &[
    Code::Device,
    Code::XdpNative,
    Code::XdpOccupied,
    Code::XdpAttach,
    Code::ZeroCopy,
    Code::Queues,
    Code::Steering,
    Code::BusyPoll,
    Code::Mtu,
    Code::Checksums,
    Code::ReceiveMerging,
];

/// Drivers with native XDP, for kernels that do not tell (before 6.3).
const NATIVE: &[&str] = &[
    "bnxt_en",
    "ena",
    "gve",
    "hv_netvsc",
    "i40e",
    "ice",
    "igb",
    "igc",
    "ixgbe",
    "ixgbevf",
    "mlx4_en",
    "mlx5_core",
    "nfp",
    "qede",
    "sfc",
    "stmmac",
    "tun",
    "veth",
    "virtio_net",
];
/// Those of them with zero-copy sockets then.
const ZERO_COPY: &[&str] = &["i40e", "ice", "igc", "ixgbe", "mlx5_core", "stmmac"];
/// Drivers of devices that are not hardware: attaching a program to them takes no link down.
const VIRTUAL: &[&str] = &["veth", "tun", "bridge"];
/// VIRTIO_F_ACCESS_PLATFORM, without which virtio cannot do zero-copy.
const ACCESS_PLATFORM: usize = 33;
/// Longest IP packet that fits the buffers of packet threads.
const LONGEST: u64 = 1500;

pub(super) fn look(subject: &Subject<'_>, system: &System) -> Vec<Finding> {
    let need = subject.needs(Mode::Appliance);
    if need == Need::None {
        let skip = |code: &Code| Finding::skip(*code, "no interface is in mode appliance");
        return std::iter::once(&Code::BpfLoad).chain(PER_NIC).map(skip).collect();
    }
    let sizes = Sizes { flows: 4, addresses: 1, sockets: 1, ports: 1 };
    let (program, loaded) = match Program::load_first(sizes, 1) {
        Ok(program) => (Some(program), Finding::ok(Code::BpfLoad, "the kernel takes the XDP program")),
        Err(error) => {
            let text = error.to_string();
            let fix = "CAP_BPF and CAP_NET_ADMIN, a kernel of at least 5.18, no lockdown; the unit must not filter bpf(2)";
            (None, Finding::bad(Code::BpfLoad, need.lacking(), text.trim().replace('\n', " | "), fix))
        }
    };
    let mut findings = vec![loaded];
    match survey(subject.config) {
        Ok(nics) if nics.is_empty() => {
            findings
                .extend(PER_NIC.iter().map(|code| Finding::skip(*code, "no network device with an address")));
        }
        Ok(nics) => {
            for nic in &nics {
                let found = Look { subject, system, need, program: program.as_ref() }.at(nic);
                findings.extend(found.into_iter().map(|finding| finding.about(nic.name.clone())));
            }
        }
        Err(error) => findings.push(refused(Code::Device, need, &error)),
    }
    findings
}

fn refused(code: Code, need: Need, error: &Error) -> Finding {
    let (what, fix) = error.halves();
    Finding::bad(code, need.lacking(), what, fix.unwrap_or_else(|| "see `ip link` and `dmesg`".to_owned()))
}

struct Look<'a> {
    subject: &'a Subject<'a>,
    system: &'a System,
    need: Need,
    program: Option<&'a (Program, Maps)>,
}

impl Look<'_> {
    fn at(&self, nic: &Surveyed) -> Vec<Finding> {
        let facts = match &nic.facts {
            Ok(facts) => facts,
            Err(error) => return vec![refused(Code::Device, self.need, error)],
        };
        let driver = facts.driver.as_str();
        let xdp = XdpFacts::of(nic.ifindex).ok();
        let features = xdp.and_then(|xdp| xdp.features);
        let source =
            if features.is_some() { "says the kernel" } else { "by its name; this kernel does not tell" };
        let native = features.map_or(NATIVE.contains(&driver), |can| can.native());
        let zero_copy = features.map_or(ZERO_COPY.contains(&driver), |can| can.zero_copy());
        vec![
            device(nic, driver),
            xdp_native(driver, native, source),
            self.occupied(nic, xdp.and_then(|xdp| xdp.attached)),
            self.attach(nic, driver, native, xdp.and_then(|xdp| xdp.attached)),
            self.zero_copy(nic, driver, zero_copy && native, source),
            self.queues(nic),
            self.steering(nic),
            self.busy_poll(nic),
            mtu(self.system.number(&format!("sys/class/net/{}/mtu", nic.name))),
            offload::checksums(self.system, &nic.name, driver),
            offload::receive_merging(&nic.name, driver),
        ]
    }

    fn occupied(&self, nic: &Surveyed, attached: Option<u32>) -> Finding {
        let code = Code::XdpOccupied;
        match (attached, &nic.user) {
            (None, _) => Finding::ok(code, "no XDP program is on it"),
            (Some(id), Some(pid)) => {
                Finding::ok(code, format!("program {id} is on it, of rtpengine (process {pid})"))
            }
            (Some(id), None) => Finding::bad(
                code,
                self.need.lacking(),
                format!("XDP program {id} of somebody else is on it, and there is room for one"),
                format!(
                    "see `bpftool net show`; `ip link set dev {0} xdp off`, or stop what put it there",
                    nic.name
                ),
            ),
        }
    }

    fn attach(&self, nic: &Surveyed, driver: &str, native: bool, attached: Option<u32>) -> Finding {
        let code = Code::XdpAttach;
        let Some((program, _)) = self.program else {
            return Finding::skip(code, "the program could not be loaded");
        };
        if attached.is_some() || nic.user.is_some() {
            return Finding::skip(code, "not tried: a program is on it");
        }
        if !self.subject.attach && !VIRTUAL.contains(&driver) {
            return Finding::skip(
                code,
                "not tried: a driver may take the link down for seconds (--attach tries)",
            );
        }
        match program.attach(nic.ifindex).map(|attached| attached.mode()) {
            Ok(AttachedMode::Native) => Finding::ok(code, "tried: the driver runs the program"),
            Ok(AttachedMode::Generic) if native => Finding::bad(
                code,
                State::Warn,
                "tried: the driver could run programs but refused, so packets are copied once more",
                "often the MTU or an offload is in the way: `dmesg` says which; see mtu and receive-merging here",
            ),
            Ok(AttachedMode::Generic) => {
                Finding::ok(code, "tried: the kernel runs the program after the driver")
            }
            Err(error) => Finding::bad(
                code,
                self.need.lacking(),
                error.to_string(),
                "see `dmesg` for the driver's reason",
            ),
        }
    }

    fn zero_copy(&self, nic: &Surveyed, driver: &str, can: bool, source: &str) -> Finding {
        let code = Code::ZeroCopy;
        if !self.subject.config.appliance.zero_copy {
            return Finding::skip(code, "appliance.zero-copy is off");
        }
        if !can {
            return Finding::bad(
                code,
                State::Warn,
                format!("driver {driver} has none ({source}); packets for packet threads are copied"),
                "works as it is; a NIC with zero-copy (ice, i40e, ixgbe, igc, mlx5 …) carries more",
            );
        }
        let bits = self.system.line(&format!("sys/class/net/{}/device/features", nic.name));
        let access = bits.is_none_or(|bits| bits.as_bytes().get(ACCESS_PLATFORM) == Some(&b'1'));
        if driver == "virtio_net" && !access {
            return Finding::bad(
                code,
                State::Warn,
                "virtio without an IOMMU platform cannot; packets for packet threads are copied",
                "give the virtual NIC iommu_platform=on (libvirt: <driver iommu='on'/>)",
            );
        }
        Finding::ok(code, format!("driver {driver} can ({source})"))
    }

    fn queues(&self, nic: &Surveyed) -> Finding {
        let code = Code::Queues;
        let threads = self.subject.config.threads.media;
        match &nic.queues {
            _ if nic.user.is_some() => Finding::skip(code, "in use, and as the running rtpengine has set it"),
            Ok(queues) if *queues as usize == threads => {
                Finding::ok(code, format!("{queues}, one for each packet thread"))
            }
            Ok(queues) => Finding::bad(
                code,
                State::Warn,
                format!("{queues} for {threads} packet threads: the others do without this NIC"),
                format!("set threads.media = {queues}, unless other NICs have more queues"),
            ),
            Err(error) => refused(code, self.need, error),
        }
    }

    fn steering(&self, nic: &Surveyed) -> Finding {
        let code = Code::Steering;
        let rules = nic.facts.as_ref().ok().and_then(|facts| facts.rules);
        match (nic.share, rules) {
            (Share::All, _) => Finding::ok(
                code,
                "share = \"all\": the NIC spreads everything over the queues by its own hash",
            ),
            (Share::Media, Some((used, most))) => {
                Finding::ok(code, format!("the NIC has room for {most} receive rules, {used} are there"))
            }
            (Share::Media, None) => Finding::bad(
                code,
                self.need.lacking(),
                "share = \"media\", but the NIC has no receive rules (ntuple)",
                "share = \"all\"",
            ),
        }
    }

    fn busy_poll(&self, nic: &Surveyed) -> Finding {
        let code = Code::BusyPoll;
        let config = self.subject.config;
        let known = nic
            .facts
            .as_ref()
            .is_ok_and(|facts| facts.defer_hard_irqs.is_some() && facts.flush_timeout_ns.is_some());
        match (config.appliance.busy_poll, config.threads.idle) {
            (Some(_), _) if !known => Finding::bad(
                code,
                State::Warn,
                "this kernel cannot put the NIC's interrupts off, so busy polling competes with them",
                "use a kernel of at least 5.11, or leave out appliance.busy-poll",
            ),
            (Some(_), _) => {
                Finding::ok(code, "packets are fetched by packet threads; interrupts are put off")
            }
            (None, Idle::Busy) => Finding::bad(
                code,
                State::Warn,
                "packet threads never sleep, yet packets come by interrupts, which may starve on the same core",
                "appliance.busy-poll = { microseconds = 20, packets = 64 }",
            ),
            (None, _) => Finding::ok(code, "packets come by interrupts"),
        }
    }
}

fn device(nic: &Surveyed, driver: &str) -> Finding {
    let code = Code::Device;
    let bond = nic.bond.as_ref().map_or_else(String::new, |bond| format!(", member of {bond}"));
    if nic.up {
        return Finding::ok(code, format!("driver {driver}{bond}"));
    }
    let what = format!("driver {driver}{bond}: switched off, or no cable");
    Finding::bad(code, State::Warn, what, format!("ip link set {} up", nic.name))
}

fn xdp_native(driver: &str, native: bool, source: &str) -> Finding {
    let code = Code::XdpNative;
    if native {
        return Finding::ok(code, format!("driver {driver} runs XDP programs ({source})"));
    }
    Finding::bad(
        code,
        State::Warn,
        format!("driver {driver} does not run XDP programs ({source}), so the kernel does, after a copy"),
        "works as it is, at a multiple of the cost; use a NIC with native XDP, or mode kernel",
    )
}

fn mtu(mtu: Option<u64>) -> Finding {
    let code = Code::Mtu;
    match mtu {
        None => Finding::skip(code, "cannot be read here"),
        Some(mtu) if mtu <= LONGEST => Finding::ok(code, mtu.to_string()),
        Some(mtu) => Finding::bad(
            code,
            State::Warn,
            format!(
                "{mtu}: drivers refuse XDP with large packets, and packet threads take none above {LONGEST} bytes"
            ),
            format!("ip link set DEVICE mtu {LONGEST}"),
        ),
    }
}

#[cfg(test)]
mod tests;
