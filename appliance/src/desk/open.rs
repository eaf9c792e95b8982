use super::fast_paths::FastPaths;
use super::{Clock, Desk, Strain, cdr, media};
use crate::config::checked::{Certificate, Config, Dtls, EndpointLearning, Ports as PortRanges};
use crate::export::{Graphite, GraphiteError, Homer, HomerError};
use crate::handshake::{self, Handshakes, Identities};
use crate::kernel::{self, KernelTables};
use crate::placement::{Overlap, Ports};
use crate::record::{self, Recordings};
use crate::watch::Watch;
use crate::worker::{Pool, StartError};
use call::{Book, Interfaces, LocalAddress, Settings};
use flow::{Learning, Micros};
use mio::Waker;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use thiserror::Error;
use udp::SocketBuffers;

/// Why the desk could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The packet threads did not start.
    #[error(transparent)]
    Workers(#[from] StartError),
    /// The kernel module cannot be used and must be.
    #[error(transparent)]
    Kernel(#[from] kernel::Error),
    /// There is no DTLS.
    #[error(transparent)]
    Handshakes(#[from] handshake::StartError),
    /// Another process has our media ports.
    #[error(transparent)]
    Ports(#[from] Overlap),
    /// The HEP collector cannot be sent to.
    #[error(transparent)]
    Homer(#[from] HomerError),
    /// Nothing can be sent to Graphite.
    #[error(transparent)]
    Graphite(#[from] GraphiteError),
    /// Recordings cannot be made as they are to be.
    #[error(transparent)]
    Recording(#[from] record::StartError),
    /// The random source gave nothing.
    #[error("no random numbers from the system: {0}")]
    Random(String),
    /// An alias names nothing.
    #[error("interface alias `{alias}` stands for `{name}`, which does not exist")]
    Alias {
        /// The alias.
        alias: String,
        /// What it stands for.
        name: String,
    },
}

impl Desk {
    /// Starts the packet threads and opens an empty book. `waker` is called when the threads report something.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(config: &Config, waker: Arc<Waker>) -> Result<Desk, OpenError> {
        let epoch = Instant::now();
        let mut kernel = KernelTables::open(config, epoch)?;
        Desk::open_with(config, waker, epoch, &mut kernel).inspect_err(|_| {
            let clock = Clock::new(epoch);
            for call in kernel.close(clock.now()) {
                cdr::write_adopted(&call, clock.stamp());
            }
        })
    }

    /// Takes the tables of the kernel module if it succeeds.
    fn open_with(
        config: &Config,
        waker: Arc<Waker>,
        epoch: Instant,
        kernel: &mut KernelTables,
    ) -> Result<Desk, OpenError> {
        let cores = cores(config);
        let identities = identities(&config.dtls)?;
        let buffers = SocketBuffers { receive: config.media.receive_buffer, send: None };
        let (manner, sockets) = media::open(config, cores.len(), buffers)?;
        let pool = Pool::start_sharing(&cores, epoch, Arc::clone(&waker), sockets)?;
        let handshakes =
            Handshakes::start(identities, pool.punted(), pool.posts(), epoch, Arc::clone(&waker))?;
        let mut ports = Ports::new(pool, buffers, manner);
        tracing::info!("media ports: {}", ports.manner());
        let mut interfaces = Interfaces::default();
        for interface in &config.interfaces {
            for local in &interface.addresses {
                let advertised = Some(local.advertised).filter(|shown| *shown != local.addr);
                let address = LocalAddress { addr: local.addr, advertised };
                interfaces.add(&interface.name, interface.group.as_deref(), address);
                ports.add(local.addr, ports_of(config, local.addr, usable(&local.ports)));
            }
        }
        for (alias, name) in config.interfaces.aliases() {
            if !interfaces.alias(alias, name) {
                return Err(OpenError::Alias { alias: alias.clone(), name: name.clone() });
            }
        }
        let limits = &config.limits;
        let strain = Strain::new(
            limits.cpu.unwrap_or_default(),
            limits.load.unwrap_or_default(),
            limits.bandwidth.unwrap_or_default(),
        );
        let book = Book::new(settings(config, cores.len() as u16, instance()?), interfaces);
        let clock = Clock::new(epoch);
        let (paths, nics) = super::fast_paths::open(config, kernel, ports.pool(), clock.now());
        let kernel = std::mem::take(kernel);
        let fast = FastPaths { paths, kernel, nics };
        let mut desk =
            Desk::new(clock.clone(), book, ports, fast, handshakes, strain, config.templates.clone());
        desk.watch = Watch::new(micros(config.timeouts.one_way));
        if let Some(homer) = &config.homer {
            desk.homer = Some(Homer::start(homer)?);
        }
        if let Some(graphite) = &config.graphite {
            desk.graphite = Some(Graphite::start(graphite, desk.clock.now())?);
        }
        if let Some(recording) = &config.recording {
            desk.recordings = Recordings::start(recording, clock, desk.ports.pool().reels())?;
        }
        // The packet threads get room for what they hear.
        desk.listen();
        desk.view = crate::view::open(config, waker);
        Ok(desk)
    }
}

/// Our certificate, and how handshakes are made with it.
fn identities(config: &Dtls) -> Result<Identities, handshake::StartError> {
    let options = dtls::IdentityOptions {
        key: match config.certificate {
            Certificate::EcdsaP256 => dtls::KeyKind::EcdsaP256,
            Certificate::Rsa(bits) => dtls::KeyKind::Rsa(bits),
        },
        sha1_signature: config.sha1_signature,
        ..dtls::IdentityOptions::default()
    };
    let settings =
        dtls::Settings { ciphers: config.ciphers.clone(), mtu: config.mtu, ..dtls::Settings::default() };
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Identities::new(options, settings, i64::try_from(wall.as_secs()).unwrap_or(i64::MAX))?)
}

/// One entry per packet thread: the core it is pinned to.
fn cores(config: &Config) -> Vec<Option<usize>> {
    let threads = &config.threads;
    let pin = |worker: usize| threads.cores.get(worker % threads.cores.len().max(1)).copied();
    (0..threads.media.max(1)).map(pin).collect()
}

/// The ports of an address, without those our own control sockets hold.
pub(super) fn ports_of<'a>(
    config: &'a Config,
    addr: IpAddr,
    ports: impl Iterator<Item = u16> + 'a,
) -> impl Iterator<Item = u16> + 'a {
    let control = config.control.ng_udp.iter();
    let held = move |port: u16| {
        control.clone().any(|c| c.port() == port && (c.ip() == addr || c.ip().is_unspecified()))
    };
    ports.filter(move |port| !held(*port))
}

/// The mark of this daemon for `loop-protect`.
fn instance() -> Result<String, OpenError> {
    let mut mark = [0u8; 6];
    getrandom::fill(&mut mark).map_err(|error| OpenError::Random(error.to_string()))?;
    Ok(mark.iter().map(|b| format!("{b:02x}")).collect())
}

pub(super) fn settings(config: &Config, workers: u16, instance: String) -> Settings {
    Settings {
        workers,
        learning: match config.media.endpoint_learning {
            EndpointLearning::Heuristic => Learning::Heuristic,
            EndpointLearning::Delayed => Learning::Delayed,
            EndpointLearning::Immediate => Learning::Immediate,
            EndpointLearning::Off => Learning::Off,
        },
        tos: config.media.tos,
        sip_source: config.media.sip_source,
        dtls_passive: config.dtls.passive,
        timeout: micros(config.timeouts.media),
        silent_timeout: micros(config.timeouts.silent),
        offer_timeout: micros(config.timeouts.offer),
        final_timeout: config.timeouts.call.map_or(Micros(0), micros),
        delete_delay: micros(config.timeouts.delete_delay),
        max_sessions: config.limits.sessions,
        instance,
    }
}

/// A length of time in the desk's unit.
pub(super) fn micros(time: Duration) -> Micros {
    Micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// The ports of a range that may be handed out.
pub(super) fn usable(ports: &PortRanges) -> impl Iterator<Item = u16> + '_ {
    (ports.range().low()..=ports.range().high()).filter(|port| ports.contains(*port))
}
