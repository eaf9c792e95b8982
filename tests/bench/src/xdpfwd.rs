//! The bare forwarder in the XDP program: from one NIC to the other, with new MAC addresses and nothing else, so that what
//! the relay's program adds to the wires can be told apart.

use crate::BenchError;
use crate::bare::Port;
use libbpf_rs::skel::{OpenSkel, SkelBuilder};
use libbpf_rs::{MapCore, MapFlags};
use skeleton::XdpfwdSkelBuilder;
use std::mem::MaybeUninit;

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
    include!(concat!(env!("OUT_DIR"), "/xdpfwd.skel.rs"));
}

/// Forwards between two NICs until it is killed. Says `ready` when it does.
///
/// # Errors
/// When the kernel takes the programs not, or not there.
#[allow(clippy::print_stdout, reason = "who starts it waits for the word")]
pub fn forward(near: &Port, far: &Port) -> Result<(), BenchError> {
    let mut place = MaybeUninit::uninit();
    let mut open =
        XdpfwdSkelBuilder::default().open(&mut place).map_err(BenchError::bpf("opening xdpfwd"))?;
    let constants = open.maps.rodata_data.as_deref_mut();
    let constants =
        constants.ok_or_else(|| BenchError::Profile("xdpfwd has no room for addresses".to_owned()))?;
    for (leaves, port) in constants.leaves.iter_mut().zip([near, far]) {
        leaves.to = port.peer;
        leaves.from = port.mac;
    }
    let skeleton = open.load().map_err(BenchError::bpf("loading xdpfwd"))?;
    for (number, port) in (0u32..).zip([near, far]) {
        let index = port.index()?.to_ne_bytes();
        skeleton
            .maps
            .WIRES
            .update(&number.to_ne_bytes(), &index, MapFlags::ANY)
            .map_err(BenchError::bpf("naming a wire"))?;
    }
    let mut links = Vec::new();
    for (program, port) in [(&skeleton.progs.near, near), (&skeleton.progs.far, far)] {
        let index = i32::try_from(port.index()?).unwrap_or(i32::MAX);
        links.push(program.attach_xdp(index).map_err(BenchError::bpf("attaching xdpfwd"))?);
    }
    println!("ready");
    loop {
        std::thread::park();
    }
}
