use crate::{Carries, FlowKey, FlowSpec, Gate, Generation, Protection, Rewrite, Security, StreamId};
use smallvec::SmallVec;
use srtp::{Setup, SsrcState};
use std::net::SocketAddr;
use std::sync::Arc;

/// The resolved form of a [`FlowSpec`]: nothing is left to learn, so a fast path (AF_XDP worker, XDP program,
/// kernel module) can carry it out. All fast paths are given this same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Where the packets arrive.
    pub key: FlowKey,
    /// Version of the flow this was compiled from.
    pub generation: Generation,
    /// Handle for counters.
    pub stream: StreamId,
    /// What a packet at this port may be; RTCP of a muxed port goes up to the learner.
    pub carries: Carries,
    /// Packets from elsewhere are not this flow's.
    pub source: SocketAddr,
    /// What happens to packets from elsewhere: [`Gate::Strict`] drops them, the others go up to the learner.
    pub gate: Gate,
    /// What arrives is opened with these keys.
    pub open: Option<Arc<Setup>>,
    /// How far its sources had come on the path that had the flow before.
    pub opened: Vec<SsrcState>,
    /// Where RTP goes; never empty.
    pub outputs: SmallVec<[RecipeOutput; 1]>,
}

/// One resolved way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeOutput {
    /// Source address and port of the packet that leaves.
    pub from: FlowKey,
    /// Its destination.
    pub to: SocketAddr,
    /// Its traffic class byte.
    pub tos: u8,
    /// What changes inside the packet.
    pub rewrite: Rewrite,
    /// Then it is sealed with these keys.
    pub seal: Option<Arc<Setup>>,
    /// How far the sources had come that were sealed on the path that had the flow before.
    pub sealed: Vec<SsrcState>,
}

impl Recipe {
    /// Something is opened or sealed.
    pub fn has_keys(&self) -> bool {
        self.open.is_some() || self.outputs.iter().any(|output| output.seal.is_some())
    }

    /// Drops what is known of sources under keys of other crypto contexts than those of its keys.
    pub fn forget_other_contexts(&mut self) {
        let keep = |states: &mut Vec<SsrcState>, keys: &Option<Arc<Setup>>| {
            let context = keys.as_ref().map(|setup| setup.context);
            states.retain(|state| context == Some(state.context));
        };
        keep(&mut self.opened, &self.open);
        for output in &mut self.outputs {
            keep(&mut output.sealed, &output.seal);
        }
    }

    /// Resolves `spec` with the flows of its egress ports. `None` while the peer of either side is not known and
    /// confirmed, while keys are awaited, when nothing would be sent, when payloads are replaced, or when the flow is not
    /// RTP: then it stays with the learner. What had been opened and sealed before is to be added by who knows it.
    pub fn compile<'a>(spec: &FlowSpec, egress: impl Fn(FlowKey) -> Option<&'a FlowSpec>) -> Option<Recipe> {
        let source = spec.peer.filter(|_| spec.confirmed && !spec.blocked && spec.gate != Gate::Shut)?;
        let odd = spec.shares_port() || spec.is_silenced();
        if odd || matches!(spec.carries, Carries::Rtcp) || spec.rtp.is_empty() {
            return None;
        }
        let open = keys(spec, |security| &security.arriving)?;
        let mut outputs = SmallVec::new();
        for out in &spec.rtp {
            let port = egress(out.egress).filter(|port| !port.shares_port())?;
            let to = port.peer.filter(|_| port.confirmed || spec.one_way)?;
            let seal = keys(port, |security| &security.leaving)?;
            let (rewrite, sealed) = (out.rewrite, Vec::new());
            outputs.push(RecipeOutput { from: port.key, to, tos: port.tos, rewrite, seal, sealed });
        }
        Some(Recipe {
            key: spec.key,
            generation: spec.generation,
            stream: spec.stream,
            carries: spec.carries,
            source,
            gate: spec.gate,
            open,
            opened: Vec::new(),
            outputs,
        })
    }
}

/// The keys of one direction at a port; `None` while they are awaited, `Some(None)` where there are none.
fn keys(port: &FlowSpec, which: fn(&Security) -> &Protection) -> Option<Option<Arc<Setup>>> {
    match port.security.as_ref().map(which) {
        None | Some(Protection::Plain) => Some(None),
        Some(Protection::Srtp(setup)) => Some(Some(Arc::clone(setup))),
        Some(Protection::Awaited) => None,
    }
}
