//! The thread that runs the generator. It belongs to one core, enters the peers' namespaces to put the programs there,
//! and then is in the kernel for as long as packets are wanted.

use super::layout;
use super::skeleton::TrafficSkelBuilder;
use crate::BenchError;
use lab::Namespace;
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use libbpf_rs::{Link, MapCore, MapFlags, MapHandle, ProgramInput};
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, setns};
use nix::sys::pthread::pthread_kill;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::unix::thread::JoinHandleExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// The flag of bpf(BPF_PROG_TEST_RUN) that lets packets really leave.
const LIVE_FRAMES: u32 = 1 << 1;
/// As many packets as one run can have; it is ended by a signal.
const FOR_EVER: u32 = i32::MAX as u32;

/// Where a program is put.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) namespace: Namespace,
    pub(super) ifindex: u32,
}

/// The maps of the traffic programs.
#[derive(Debug)]
pub(super) struct Maps {
    pub(super) flows: MapHandle,
    pub(super) sides: MapHandle,
    pub(super) control: MapHandle,
    pub(super) counts: MapHandle,
    pub(super) state: MapHandle,
    pub(super) delays: MapHandle,
}

enum Order {
    Run,
}

/// The thread.
#[derive(Debug)]
pub(super) struct Maker {
    /// `None` tells the thread that it is the end.
    orders: Option<SyncSender<Order>>,
    stopped: Receiver<Result<(), String>>,
    stop: Arc<AtomicBool>,
    running: bool,
    thread: Option<JoinHandle<()>>,
}

impl Maker {
    /// Loads the programs and puts the sink on both wires.
    pub(super) fn start(wires: [Wire; 2], flows: u32, core: usize) -> Result<(Maker, Maps), BenchError> {
        // A handler must be there, or the signal would end the process; what it notes is not needed.
        signal_hook::flag::register(Signal::SIGUSR1 as i32, Arc::new(AtomicBool::new(false)))
            .map_err(BenchError::system("handling SIGUSR1"))?;
        let (orders, inbox) = sync_channel(1);
        let (outbox, stopped) = sync_channel(1);
        let (ready, born) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || live(&wires, flows, core, &ready, &inbox, &outbox, &told));
        let maps = born
            .recv()
            .unwrap_or_else(|_| Err(BenchError::Profile("the generator's thread ended".to_owned())))?;
        let maker = Maker { orders: Some(orders), stopped, stop, running: false, thread: Some(thread) };
        Ok((maker, maps))
    }

    /// Runs the generator; what it sends is up to the control map.
    pub(super) fn run(&mut self) {
        if !self.running
            && let Some(orders) = &self.orders
        {
            self.stop.store(false, Ordering::SeqCst);
            self.running = orders.send(Order::Run).is_ok();
        }
    }

    /// Ends what [`Maker::run`] began.
    pub(super) fn halt(&mut self) -> Result<(), BenchError> {
        if !std::mem::take(&mut self.running) {
            return Ok(());
        }
        self.stop.store(true, Ordering::SeqCst);
        loop {
            if let Some(thread) = &self.thread {
                // It may have ended; then there is nobody to wake.
                let _ = pthread_kill(thread.as_pthread_t(), Signal::SIGUSR1);
            }
            // The signal is lost when it comes just before the system call, so it is sent until it has worked.
            match self.stopped.recv_timeout(Duration::from_millis(5)) {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => {
                    return Err(BenchError::Profile(format!("the generator does not run: {error}")));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(BenchError::Profile("the generator's thread ended".to_owned()));
                }
            }
        }
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        let _ = self.halt();
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Ready = SyncSender<Result<Maps, BenchError>>;

fn live(
    wires: &[Wire; 2],
    flows: u32,
    core: usize,
    ready: &Ready,
    inbox: &Receiver<Order>,
    outbox: &SyncSender<Result<(), String>>,
    stop: &AtomicBool,
) {
    let mut place = MaybeUninit::uninit();
    let made = pin(core).and_then(|()| {
        let mut open =
            TrafficSkelBuilder::default().open(&mut place).map_err(BenchError::bpf("opening traffic"))?;
        open.maps.FLOWS.set_max_entries(flows.max(1)).map_err(BenchError::bpf("sizing FLOWS"))?;
        let skeleton = open.load().map_err(BenchError::bpf("loading traffic"))?;
        let mut links = Vec::new();
        for (number, wire) in (0u32..).zip(wires) {
            links.push(occupy(&skeleton, number, wire)?);
        }
        Ok((links, maps(&skeleton.maps)?, skeleton))
    });
    let (_links, skeleton) = match made {
        Ok((links, maps, skeleton)) => {
            let _ = ready.send(Ok(maps));
            (links, skeleton)
        }
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let packet = layout::template();
    while let Ok(Order::Run) = inbox.recv() {
        let mut result = Ok(());
        while !stop.load(Ordering::SeqCst) {
            let input = ProgramInput {
                data_in: Some(&packet),
                flags: LIVE_FRAMES,
                repeat: FOR_EVER,
                ..Default::default()
            };
            match skeleton.progs.generate.test_run(input) {
                Ok(_) => {}
                Err(error) if error.kind() == libbpf_rs::ErrorKind::Interrupted => {}
                Err(error) => {
                    result = Err(error.to_string());
                    break;
                }
            }
        }
        let _ = outbox.send(result);
    }
}

fn pin(core: usize) -> Result<(), BenchError> {
    let mut cores = CpuSet::new();
    cores.set(core).map_err(BenchError::errno(format!("core {core}")))?;
    sched_setaffinity(Pid::from_raw(0), &cores).map_err(BenchError::errno(format!("going to core {core}")))
}

/// Enters the namespace of a wire, puts the sink on its end, and makes it one the generator can send to.
fn occupy(skeleton: &super::skeleton::TrafficSkel<'_>, number: u32, wire: &Wire) -> Result<Link, BenchError> {
    let path = format!("/run/netns/{}", wire.namespace.name());
    let namespace = File::open(&path).map_err(BenchError::system(path))?;
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(BenchError::errno("entering a namespace"))?;
    let link = skeleton
        .progs
        .sink
        .attach_xdp(i32::try_from(wire.ifindex).unwrap_or(i32::MAX))
        .map_err(BenchError::bpf("attaching the sink"))?;
    let value = wire.ifindex.to_ne_bytes();
    skeleton
        .maps
        .WIRES
        .update(&number.to_ne_bytes(), &value, MapFlags::ANY)
        .map_err(BenchError::bpf("naming a wire"))?;
    Ok(link)
}

fn maps(maps: &super::skeleton::TrafficMaps<'_>) -> Result<Maps, BenchError> {
    let error = || BenchError::bpf("keeping a map");
    Ok(Maps {
        flows: MapHandle::try_from(&maps.FLOWS).map_err(error())?,
        sides: MapHandle::try_from(&maps.SIDES).map_err(error())?,
        control: MapHandle::try_from(&maps.CONTROL).map_err(error())?,
        counts: MapHandle::try_from(&maps.COUNTS).map_err(error())?,
        state: MapHandle::try_from(&maps.STATE).map_err(error())?,
        delays: MapHandle::try_from(&maps.DELAYS).map_err(error())?,
    })
}
