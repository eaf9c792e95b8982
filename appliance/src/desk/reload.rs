//! SIGHUP: the configuration is read again, and what a running daemon can take of it is taken. Calls are not touched.
//! What it cannot take is logged, each thing with its key.

use super::Desk;
use super::media::claimed;
use super::open::{ports_of, settings, usable};
use crate::boot::{Levels, raise_descriptors};
use crate::config::changes;
use crate::config::checked::{Built, Config, Interfaces, LocalAddress, Mode, Share};
use crate::config::finding::{Finding, Severity};
use crate::config::host::Host;
use crate::config::load::{Sources, load_checked};
use crate::config::raw;
use crate::placement::Ports;
use call::AddressId;
use flow::PathReason;
use udp::SocketBuffers;

/// Interfaces have numbers of 16 bits, and none is given twice.
const MOST_ADDRESSES: usize = u16::MAX as usize;

/// The configuration that is in use, and where another one would come from.
#[derive(Debug)]
pub struct Reload {
    sources: Sources,
    started: Built,
    /// Of keys that a running daemon takes: their values now.
    running: raw::Config,
    /// Every address in use with its interface; the position is its [`AddressId`].
    locals: Vec<(String, LocalAddress)>,
}

/// What came of reading the configuration again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reloaded {
    /// What is different from now on, a line each.
    pub taken: Vec<String>,
    /// What takes a restart, a line each.
    pub kept: Vec<String>,
}

impl Reload {
    /// For a daemon that was started with `started`, which came from `sources`.
    #[must_use]
    pub fn new(sources: Sources, started: Built) -> Reload {
        let locals = named(&started.config.interfaces).collect();
        Reload { sources, running: started.raw.clone(), locals, started }
    }

    /// The configuration of the start.
    pub(super) fn started(&self) -> &Config {
        &self.started.config
    }

    /// Reads the sources again.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(super) fn read(&self) -> Result<Built, String> {
        let host = Host::now().map_err(|wrong| format!("cannot list the addresses of this host: {wrong}"))?;
        load_checked(&self.sources, &host).map_err(|findings| {
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            errors.map(Finding::to_string).collect::<Vec<_>>().join("\n")
        })
    }
}

fn named(interfaces: &Interfaces) -> impl Iterator<Item = (String, LocalAddress)> + '_ {
    interfaces.addresses().map(|(interface, local)| (interface.name.clone(), local.clone()))
}

impl Desk {
    /// Takes what can be taken of `wanted`; the rest is what it was at the start.
    pub(super) fn reload(&mut self, reload: &mut Reload, wanted: Built, levels: &Levels) -> Reloaded {
        let mut told = Reloaded::default();
        for change in changes::taken(&reload.running, &wanted.raw) {
            let words = |value: String| if value.is_empty() { "not set".to_owned() } else { value };
            told.taken.push(format!("{}: {} (was {})", change.key, words(change.now), words(change.before)));
        }
        for change in changes::kept(&reload.started.raw, &wanted.raw) {
            // Values of such keys may be secrets.
            told.kept.push(format!("{} has changed", change.key));
        }
        self.take_settings(&wanted.config);
        // When calls end has been worked out with the timeouts of before.
        self.book.look_at_all(self.clock.now());
        levels.follow(&wanted.config.log);
        self.take_interfaces(reload, &wanted.config, &mut told);
        let aliases = wanted.config.interfaces.aliases();
        let aliases = aliases.iter().map(|(alias, name)| (alias.as_str(), name.as_str()));
        for (alias, name) in self.book.interfaces_mut().set_aliases(aliases) {
            told.kept.push(format!("alias `{alias}` stands for `{name}`, which is not there"));
        }
        self.templates = std::sync::Arc::new(wanted.config.templates.clone());
        match raise_descriptors(&wanted.config) {
            Ok(None) => {}
            Ok(Some(lack)) => tracing::warn!("{lack}"),
            Err(wrong) => tracing::warn!("{wrong}"),
        }
        reload.running = wanted.raw;
        told
    }

    fn take_settings(&mut self, wanted: &Config) {
        let old = self.book.settings();
        let (workers, instance) = (old.workers, old.instance.clone());
        *self.book.settings_mut() = settings(wanted, workers, instance);
        // Calls that are up end by the new timeouts.
        self.book.look_at_all(self.clock.now());
        self.watch.set_after(super::open::micros(wanted.timeouts.one_way));
        let limits = &wanted.limits;
        let [cpu, load] = [limits.cpu, limits.load].map(Option::unwrap_or_default);
        self.strain.limit(cpu, load, limits.bandwidth.unwrap_or_default());
        self.ports.set_buffers(SocketBuffers { receive: wanted.media.receive_buffer, send: None });
    }

    fn take_interfaces(&mut self, reload: &mut Reload, wanted: &Config, told: &mut Reloaded) {
        let before = reload.locals.len();
        let mut met = vec![false; before];
        for (name, local) in named(&wanted.interfaces) {
            let known = reload.locals[..before]
                .iter()
                .zip(&met)
                .position(|((known, at), met)| !met && *known == name && at.addr == local.addr);
            match known {
                Some(at) => {
                    met[at] = true;
                    self.change_address(reload, at, &local, told);
                }
                None if reload.locals.len() >= MOST_ADDRESSES => {
                    told.kept.push(format!("interface `{name}`: there is no room for {}", local.addr));
                }
                None => self.add_address(reload, name, local, told),
            }
        }
        for ((name, local), _) in reload.locals.iter().zip(met).filter(|(_, met)| !met) {
            told.kept.push(format!("interface `{name}`: {} is gone from the configuration", local.addr));
        }
        let first = |interfaces: &Interfaces| interfaces.default_interface().name.clone();
        let (was, is) = (first(&reload.started.config.interfaces), first(&wanted.interfaces));
        if was != is {
            told.kept.push(format!("interface `{is}` comes first now, but calls that name none use `{was}`"));
        }
    }

    /// An address that is there: its ports, and what SDP shows of it, can change.
    fn change_address(&mut self, reload: &mut Reload, at: usize, wanted: &LocalAddress, told: &mut Reloaded) {
        let control = &reload.started.config;
        let (name, known) = &mut reload.locals[at];
        let (id, addr) = (AddressId(at as u16), wanted.addr);
        if known.ports != wanted.ports && claim(&mut self.ports, name, wanted, told) {
            self.ports.set(id, ports_of(control, addr, usable(&wanted.ports)));
            told.taken.push(format!(
                "interface `{name}`: ports {} of {addr} (was {})",
                shown(wanted),
                shown(known)
            ));
            if known.mode == Mode::Appliance && known.share == Share::Media {
                told.kept.push(format!(
                    "interface `{name}`: rules in the network card lead the ports of the start to us; media to others \
                     goes through sockets"
                ));
            }
            known.ports = wanted.ports.clone();
        }
        if known.advertised != wanted.advertised {
            let advertised = Some(wanted.advertised).filter(|shown| *shown != addr);
            self.book.interfaces_mut().advertise(id, advertised);
            told.taken.push(format!(
                "interface `{name}`: SDP shows {} for {addr} (was {})",
                wanted.advertised, known.advertised
            ));
            known.advertised = wanted.advertised;
        }
        for key in fixed(known, wanted) {
            told.kept.push(format!("interface `{name}`: {key} of {addr} has changed"));
        }
    }

    fn add_address(&mut self, reload: &mut Reload, name: String, local: LocalAddress, told: &mut Reloaded) {
        if !claim(&mut self.ports, &name, &local, told) {
            return;
        }
        let group = name.split_once(':').map(|(base, _)| base);
        let advertised = Some(local.advertised).filter(|shown| *shown != local.addr);
        let address = call::LocalAddress { addr: local.addr, advertised };
        self.book.interfaces_mut().add(&name, group, address);
        self.ports.add(local.addr, ports_of(&reload.started.config, local.addr, usable(&local.ports)));
        told.taken.push(format!("interface `{name}`: {} with ports {}", local.addr, shown(&local)));
        if local.mode != Mode::Userspace && self.paths.offer(local.addr).is_none() {
            let offer = sibling(reload, &local).and_then(|addr| self.paths.offer(addr));
            self.paths.serve(local.addr, offer.unwrap_or(Err(PathReason::PathUnavailable)));
            if offer.is_none() {
                told.kept.push(format!(
                    "interface `{name}`: mode {} for {}; its media goes through sockets",
                    local.mode.name(),
                    local.addr
                ));
            }
        }
        reload.locals.push((name, local));
    }
}

/// Makes sure of the ports of an address that is new, or has others now. False when another process has them.
fn claim(ports: &mut Ports, name: &str, local: &LocalAddress, told: &mut Reloaded) -> bool {
    match ports.claim(claimed(local), &usable(&local.ports).collect()) {
        Ok(None) => true,
        Ok(Some(why)) => {
            told.kept.push(format!(
                "interface `{name}`: ports of {} get a socket each until then: {why}",
                local.addr
            ));
            true
        }
        Err(overlap) => {
            told.kept.push(format!("interface `{name}`: {overlap}"));
            false
        }
    }
}

fn shown(local: &LocalAddress) -> String {
    let holes = local.ports.excluded().len();
    let range = local.ports.range();
    if holes == 0 { range.to_string() } else { format!("{range} without {holes}") }
}

/// An address that the start has opened the same fast path for: the same table of the module, or the same network card.
fn sibling(reload: &Reload, local: &LocalAddress) -> Option<std::net::IpAddr> {
    let same = |known: &&LocalAddress| {
        known.mode == local.mode
            && match local.mode {
                Mode::Kernel => known.table == local.table,
                Mode::Appliance => known.device == local.device && known.forward == local.forward,
                Mode::Userspace => false,
            }
    };
    reload.started.config.interfaces.addresses().map(|(_, known)| known).find(same).map(|known| known.addr)
}

/// Keys of an address that are read at the start only, and differ.
fn fixed(known: &LocalAddress, wanted: &LocalAddress) -> Vec<&'static str> {
    let differs = [
        ("mode", known.mode != wanted.mode),
        ("device", known.device != wanted.device),
        ("queues", known.queues != wanted.queues),
        ("forward", known.forward != wanted.forward),
        ("share", known.share != wanted.share),
        ("cores", known.cores != wanted.cores),
        ("table", known.table != wanted.table),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}
