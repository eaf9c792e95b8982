//! The bare forwarder: from the rings of one NIC to those of the other, with new MAC addresses and nothing else. It has
//! the buffers and rings of `afxdp`, so that what the relay adds to them can be told apart.

use crate::BenchError;
use crate::bare::Port;
use afxdp::io::{self, Frames, Options, Packet, QueuePlace, Rings, XskQueue};
use afxdp::steer::AttachedMode;
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use libbpf_rs::{Link, MapCore, MapFlags};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use skeleton::{L2fwdSkel, L2fwdSkelBuilder};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::unwrap_used,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    reason = "generated"
)]
mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/l2fwd.skel.rs"));
}

/// Most packets taken at once, as in the relay.
const BURST: usize = 64;
/// How long it looks again before it sleeps, and after how large a burst, as in the relay: one that came within that time.
const SPIN: Duration = Duration::from_micros(50);
const LARGE: usize = BURST / 4;

/// Forwards between two NICs until it is killed. Says which mode it obtained, and `ready`.
/// `busy`: never sleeps.
///
/// # Errors
/// When the sockets cannot be had.
#[allow(clippy::print_stdout, reason = "who starts it waits for the word")]
pub fn forward(near: &Port, far: &Port, busy: bool) -> Result<(), BenchError> {
    let mut place = MaybeUninit::uninit();
    let open = L2fwdSkelBuilder::default().open(&mut place).map_err(BenchError::bpf("opening l2fwd"))?;
    let skeleton = open.load().map_err(BenchError::bpf("loading l2fwd"))?;
    let (_links, frames, queues) = attach(&skeleton, [near, far])?;
    for (port, queue) in [near, far].into_iter().zip(&queues) {
        println!("{} queue 0: {}", port.name, queue.mode().code());
    }
    println!("ready");
    Forwarder {
        frames,
        queues,
        macs: [(far.peer, far.mac), (near.peer, near.mac)],
        packets: Vec::with_capacity(BURST),
    }
    .run(busy)
}

/// Puts the programs on the NICs, with a socket behind each.
fn attach(
    skeleton: &L2fwdSkel<'_>,
    ports: [&Port; 2],
) -> Result<([Link; 2], Frames, Vec<XskQueue>), BenchError> {
    let programs = &skeleton.progs;
    let attach = |program: &libbpf_rs::ProgramMut<'_>, port: &Port| {
        let ifindex = i32::try_from(port.index()?).unwrap_or(i32::MAX);
        program.attach_xdp(ifindex).map_err(BenchError::bpf("attaching l2fwd"))
    };
    let links = [attach(&programs.near, ports[0])?, attach(&programs.far, ports[1])?];
    let mut places = Vec::new();
    for port in ports {
        let (interface, ifindex) = (port.name.clone(), port.index()?);
        places.push(QueuePlace { interface, ifindex, queue: 0, attached: AttachedMode::Native });
    }
    let (frames, queues) = io::open(&places, &Options::default())?.io.into_parts();
    let maps = &skeleton.maps;
    let name = |queue: &XskQueue| queue.socket().as_raw_fd().to_ne_bytes();
    let named = maps.NEAR.update(&0u32.to_ne_bytes(), &name(&queues[0]), MapFlags::ANY);
    named
        .and_then(|()| maps.FAR.update(&0u32.to_ne_bytes(), &name(&queues[1]), MapFlags::ANY))
        .map_err(BenchError::bpf("naming a socket"))?;
    Ok((links, frames, queues))
}

struct Forwarder {
    frames: Frames,
    queues: Vec<XskQueue>,
    /// Destination and source of what leaves, by the queue it came in.
    macs: [([u8; 6], [u8; 6]); 2],
    packets: Vec<Packet>,
}

impl Forwarder {
    fn run(mut self, busy: bool) -> Result<(), BenchError> {
        let mut heard = Instant::now();
        let mut large = false;
        loop {
            let mut most = 0;
            for from in 0..2 {
                most = most.max(self.turn(from));
            }
            if most > 0 {
                let now = Instant::now();
                large = most >= LARGE && now.duration_since(heard) < SPIN;
                heard = now;
            } else if !(busy || large && heard.elapsed() < SPIN) {
                self.sleep()?;
            }
        }
    }

    /// Sends on what has come from one side; returns how many packets.
    fn turn(&mut self, from: usize) -> usize {
        self.queues[from].receive(&mut self.frames, BURST, &mut self.packets);
        let count = self.packets.len();
        if count > 0 {
            let (to, own) = self.macs[from];
            for packet in &self.packets {
                if let Some(macs) = self.frames.bytes_mut(packet.buffer).get_mut(..12) {
                    macs[..6].copy_from_slice(&to);
                    macs[6..].copy_from_slice(&own);
                }
            }
            let other = &mut self.queues[1 - from];
            let sent = other.send(&mut self.frames, &self.packets);
            other.kick();
            other.reap(&mut self.frames);
            for packet in self.packets.drain(..).skip(sent) {
                self.frames.give_back(packet.buffer);
            }
        }
        self.queues[from].refill(&mut self.frames);
        count
    }

    fn sleep(&self) -> Result<(), BenchError> {
        let [near, far] = [0, 1].map(|number: usize| self.queues[number].socket());
        let watch = |socket| PollFd::new(socket, PollFlags::POLLIN);
        match poll(&mut [watch(near), watch(far)], PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(BenchError::errno("waiting for packets")(error)),
        }
    }
}
