use super::layout::{
    ACTION_DRIVER, ACTION_NONE, ACTION_WORKER, Endpoint, FLAG_OPAQUE, FLAG_PT, FLAG_RTCP, FLAG_SSRC,
    FLAG_STRICT, HEADERS_MAX, Recipe,
};
use crate::Hop;
use flow::{Carries, FlowKey, Gate, Generation};
use std::net::{IpAddr, SocketAddr};
use wire::{Headers, Sum};
use zerocopy::byteorder::network_endian::{U16, U32};

/// A flow whose packets a worker takes: what the program must know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerFlow {
    /// Where the packets arrive.
    pub key: FlowKey,
    /// Version; an older one does not replace a newer one.
    pub generation: Generation,
    /// What a packet may be. STUN and DTLS go up the stack except for [`Carries::Opaque`].
    pub carries: Carries,
    /// RTCP goes to the worker too, instead of up the stack.
    pub rtcp: bool,
    /// Packets from elsewhere do not reach the worker; `None` lets all through.
    pub source: Option<SocketAddr>,
    /// What happens to packets from elsewhere: [`Gate::Strict`] drops them, the others pass them up.
    pub gate: Gate,
}

impl Recipe {
    /// What the program needs to redirect a flow's packets to a worker.
    pub(crate) fn redirecting(flow: &WorkerFlow) -> Recipe {
        let mut flags = 0;
        if flow.gate == Gate::Strict {
            flags |= FLAG_STRICT;
        }
        if flow.rtcp {
            flags |= FLAG_RTCP;
        }
        if flow.carries == Carries::Opaque {
            flags |= FLAG_OPAQUE;
        }
        Recipe {
            source: flow.source.map(Endpoint::from).unwrap_or_default(),
            flags,
            action: ACTION_WORKER,
            ..Recipe::EMPTY
        }
    }

    /// What the program needs to note where a port's packets come in.
    pub(crate) fn watching() -> Recipe {
        Recipe { flags: FLAG_OPAQUE, action: ACTION_NONE, ..Recipe::EMPTY }
    }

    /// What the program needs to carry a recipe out itself, sending by `hop` through place `port` of its
    /// interfaces. Its places are for the table to fill in. An error says what of the recipe the program cannot do.
    pub(crate) fn forwarding(recipe: &flow::Recipe, hop: &Hop, port: u16) -> Result<Recipe, &'static str> {
        let [output] = recipe.outputs.as_slice() else { return Err("fan-out") };
        if recipe.has_keys() {
            return Err("SRTP");
        }
        if recipe.carries == Carries::Rtcp {
            return Err("rtcp");
        }
        if recipe.source.is_ipv4() != recipe.key.addr.is_ipv4() {
            return Err("source of another address family than the port");
        }
        let opaque = recipe.carries == Carries::Opaque;
        if opaque && !output.rewrite.is_nothing() {
            return Err("rewriting of packets that are not RTP");
        }
        let headers = Headers::new(hop.link, output.from.into(), output.to, output.tos)
            .map_err(|_| "output of mixed address families")?;
        let mut flags = if opaque { FLAG_OPAQUE } else { 0 };
        if recipe.gate == Gate::Strict {
            flags |= FLAG_STRICT;
        }
        if output.rewrite.ssrc.is_some() {
            flags |= FLAG_SSRC;
        }
        let mut pt = (0, 0);
        if let Some(change) = output.rewrite.pt {
            flags |= FLAG_PT;
            pt = (change.from & 0x7f, change.to & 0x7f);
        }
        let mut bytes = [0; HEADERS_MAX];
        bytes[..headers.len()].copy_from_slice(headers.bytes());
        Ok(Recipe {
            flow: 0,
            meter: 0,
            flags,
            action: ACTION_DRIVER,
            headers_len: headers.len() as u8,
            network_sum: U16::new(headers.network_sum()),
            transport_delta: U16::new(delta(recipe.source, recipe.key, &headers)),
            partial_sum: U16::new(addresses(recipe.source.ip(), recipe.key.addr).fold()),
            seq_offset: output.rewrite.seq_offset,
            pt_from: pt.0,
            pt_to: pt.1,
            port,
            ifindex: hop.ifindex,
            ssrc: U32::new(output.rewrite.ssrc.unwrap_or_default()),
            source: recipe.source.into(),
            reserved: 0,
            headers: bytes,
            end: [0; 6],
        })
    }
}

/// What the change of addresses and ports does to a UDP checksum: the new ones plus the complement of the old.
fn delta(source: SocketAddr, local: FlowKey, new: &Headers) -> u16 {
    let old = addresses(source.ip(), local.addr).word(source.port()).word(local.port);
    Sum::default().word(new.transport_sum()).word(!old.fold()).fold()
}

/// Addresses and protocol number as a pseudo header has them.
fn addresses(src: IpAddr, dst: IpAddr) -> Sum {
    Sum::default().address(src).address(dst).word(17)
}
