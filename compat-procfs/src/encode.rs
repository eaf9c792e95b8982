use crate::abi::{
    Addr, CARRIES_BOTH, CARRIES_OPAQUE, CARRIES_RTCP, CARRIES_RTP, Flow, INET4, INET6, OUT_PT, OUT_RTP,
    OUT_SSRC, OUTPUTS_MAX, Output, SOURCE_DROP, SOURCE_PASS, SSRCS_MAX, SUITE_NONE,
};
use crate::secure;
use flow::{Carries, FlowKey, Gate, InstallError, Recipe, RecipeOutput};
use smallvec::SmallVec;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use zerocopy::{FromZeros, IntoBytes};
use zeroize::Zeroize;

/// A recipe in the module's words. Its keys are wiped when it is dropped.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The flow; its request head is for [`crate::Control::install`] to fill.
    pub flow: Flow,
    /// Its outputs.
    pub outputs: SmallVec<[Output; 1]>,
}

impl Drop for Encoded {
    fn drop(&mut self) {
        self.flow.open.as_mut_bytes().zeroize();
        for output in &mut self.outputs {
            output.seal.as_mut_bytes().zeroize();
        }
    }
}

/// Says a recipe in the module's words.
///
/// # Errors
/// [`InstallError::Unsupported`] when the module has no words for it.
pub fn encode(recipe: &Recipe) -> Result<Encoded, InstallError> {
    if recipe.outputs.len() > OUTPUTS_MAX {
        return Err(InstallError::Unsupported("more than 32 outputs of one flow"));
    }
    let mut encoded = Encoded { flow: Flow::new_zeroed(), outputs: SmallVec::new() };
    let flow = &mut encoded.flow;
    flow.local = from_key(recipe.key);
    flow.source = from_socket(recipe.source);
    flow.generation = recipe.generation.0;
    flow.stream = recipe.stream.0;
    flow.carries = match recipe.carries {
        Carries::Rtp => CARRIES_RTP,
        Carries::Rtcp => CARRIES_RTCP,
        Carries::RtpAndRtcp => CARRIES_BOTH,
        Carries::Opaque => CARRIES_OPAQUE,
    };
    flow.source_check = match recipe.gate {
        Gate::Strict | Gate::Shut => SOURCE_DROP,
        Gate::Open | Gate::Handover => SOURCE_PASS,
    };
    flow.output_count = recipe.outputs.len() as u8;
    if let Some(setup) = &recipe.open {
        flow.open = secure::keys(setup)?;
    }
    for output in &recipe.outputs {
        encoded.outputs.push(encode_output(output)?);
    }
    if recipe.open.is_some() || recipe.outputs.iter().any(|output| output.seal.is_some()) {
        let places = secure::places(recipe);
        encoded.flow.ssrcs = places.ssrcs;
        for (output, offsets) in encoded.outputs.iter_mut().zip(places.offsets) {
            if output.seal.suite != SUITE_NONE {
                output.index_offset = offsets;
            }
        }
    }
    Ok(encoded)
}

fn encode_output(recipe: &RecipeOutput) -> Result<Output, InstallError> {
    if recipe.from.addr.is_ipv4() != recipe.to.is_ipv4() {
        return Err(InstallError::Unsupported("an output whose two addresses are of different families"));
    }
    let mut output = Output::new_zeroed();
    output.from = from_key(recipe.from);
    output.to = from_socket(recipe.to);
    output.tos = recipe.tos;
    output.flags = OUT_RTP;
    if let Some(setup) = &recipe.seal {
        // The module has one index for each sender and cannot tell where that of another SSRC or number would begin.
        if recipe.rewrite.ssrc.is_some() || recipe.rewrite.seq_offset != 0 {
            return Err(InstallError::Unsupported("SRTP under another SSRC or other sequence numbers"));
        }
        output.seal = secure::keys(setup)?;
    }
    if let Some(ssrc) = recipe.rewrite.ssrc {
        output.flags |= OUT_SSRC;
        output.ssrc = [ssrc; SSRCS_MAX];
    }
    // As a signed number, so that the packet index stays near the sender's.
    output.index_offset = [i64::from(recipe.rewrite.seq_offset as i16); SSRCS_MAX];
    if let Some(pt) = recipe.rewrite.pt {
        output.flags |= OUT_PT;
        output.pt_from = pt.from & 0x7f;
        output.pt_to = pt.to & 0x7f;
    }
    Ok(output)
}

pub(crate) fn from_key(key: FlowKey) -> Addr {
    from_socket(key.into())
}

pub(crate) fn from_socket(at: SocketAddr) -> Addr {
    let mut addr = [0; 16];
    let family = match at.ip() {
        IpAddr::V4(ip) => {
            addr[..4].copy_from_slice(&ip.octets());
            INET4
        }
        IpAddr::V6(ip) => {
            addr = ip.octets();
            INET6
        }
    };
    Addr { family, zero: 0, port: at.port(), addr }
}

/// `None` for "no address".
pub(crate) fn to_socket(at: &Addr) -> Option<SocketAddr> {
    let ip = match at.family {
        INET4 => IpAddr::V4(Ipv4Addr::new(at.addr[0], at.addr[1], at.addr[2], at.addr[3])),
        INET6 => IpAddr::V6(Ipv6Addr::from(at.addr)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, at.port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flow::{Generation, PtChange, Rewrite, StreamId};

    fn recipe() -> Recipe {
        let rewrite =
            Rewrite { ssrc: Some(0xdead_beef), seq_offset: 0xfffe, pt: Some(PtChange { from: 8, to: 0 }) };
        Recipe {
            key: FlowKey::new("10.0.1.1".parse().unwrap(), 30000),
            generation: Generation(7),
            stream: StreamId(9),
            carries: Carries::RtpAndRtcp,
            source: "10.0.1.2:4000".parse().unwrap(),
            gate: Gate::Strict,
            open: None,
            opened: Vec::new(),
            outputs: [RecipeOutput {
                from: FlowKey::new("2001:db8::1".parse().unwrap(), 30002),
                to: "[2001:db8::2]:5000".parse().unwrap(),
                tos: 184,
                rewrite,
                seal: None,
                sealed: Vec::new(),
            }]
            .into_iter()
            .collect(),
        }
    }

    #[test]
    fn every_field_of_a_recipe_arrives() {
        let encoded = encode(&recipe()).unwrap();
        let flow = &encoded.flow;
        assert_eq!(
            (flow.local.family, flow.local.port, &flow.local.addr[..5]),
            (4, 30000, &[10, 0, 1, 1, 0][..])
        );
        assert_eq!(to_socket(&flow.source), Some("10.0.1.2:4000".parse().unwrap()));
        assert_eq!((flow.generation, flow.stream), (7, 9));
        assert_eq!((flow.carries, flow.source_check, flow.output_count), (CARRIES_BOTH, SOURCE_DROP, 1));
        let out = &encoded.outputs[0];
        assert_eq!(to_socket(&out.from), Some("[2001:db8::1]:30002".parse().unwrap()));
        assert_eq!(to_socket(&out.to), Some("[2001:db8::2]:5000".parse().unwrap()));
        assert_eq!(out.flags, OUT_RTP | OUT_SSRC | OUT_PT);
        assert_eq!((out.tos, out.pt_from, out.pt_to), (184, 8, 0));
        assert_eq!((out.ssrc, out.index_offset), ([0xdead_beef; 4], [-2; 4]));
    }

    #[test]
    fn what_the_module_cannot_do_is_refused() {
        let mut mixed = recipe();
        mixed.outputs[0].to = "10.0.0.1:1".parse().unwrap();
        assert!(matches!(encode(&mixed), Err(InstallError::Unsupported(_))));
        let mut many = recipe();
        many.outputs = vec![many.outputs[0].clone(); 33].into();
        assert!(matches!(encode(&many), Err(InstallError::Unsupported(_))));
    }

    #[test]
    fn no_address_stays_none() {
        assert_eq!(to_socket(&Addr::new_zeroed()), None);
    }
}
