//! SRTP in the module's words: session keys, and how far each SSRC has come.
//!
//! The module follows the index of what arrives; what leaves has that index and an offset, one for each SSRC and output
//! (always whole rollovers, as a flow that seals changes no sequence number). RTCP stays with the learner, and so do its
//! indices.

use crate::abi::{
    self, SRTP_CLEAR_RTCP, SRTP_CLEAR_RTP, SSRC_INDEX, SSRC_KNOWN, SSRC_PASS, SSRCS_MAX, Srtp, Ssrc,
};
use flow::srtp::{KeySet, Progress, Setup, SsrcState, Suite};
use flow::{InstallError, Recipe};
use smallvec::SmallVec;
use zerocopy::FromZeros;

/// Packet indices have 48 bits (RFC 3711 §3.3.1).
const INDEX_MASK: u64 = (1 << 48) - 1;

/// An index of one path that lies further ahead of the other's than their windows reach says nothing about it.
const WINDOW: u64 = 64;

/// Keys, lengths and options of one direction.
///
/// # Errors
/// [`InstallError::Unsupported`] when the module has no words for it.
pub(crate) fn keys(setup: &Setup) -> Result<Srtp, InstallError> {
    let suite = setup.key.suite();
    let mut srtp = Srtp::new_zeroed();
    srtp.suite = match suite {
        Suite::AesCm128HmacSha1_80 | Suite::AesCm128HmacSha1_32 => abi::SUITE_AES_CM_128_SHA1,
        Suite::Aes192CmHmacSha1_80 | Suite::Aes192CmHmacSha1_32 => abi::SUITE_AES_CM_192_SHA1,
        Suite::Aes256CmHmacSha1_80 | Suite::Aes256CmHmacSha1_32 => abi::SUITE_AES_CM_256_SHA1,
        Suite::AeadAes128Gcm => abi::SUITE_AES_GCM_128,
        Suite::AeadAes256Gcm => abi::SUITE_AES_GCM_256,
        Suite::NullHmacSha1_80 | Suite::NullHmacSha1_32 => abi::SUITE_NULL_SHA1,
        Suite::F8_128HmacSha1_80 | Suite::F8_128HmacSha1_32 => {
            return Err(InstallError::Unsupported("AES in f8 mode"));
        }
    };
    let options = setup.options;
    if suite.is_aead() && (options.clear_rtp || options.clear_rtcp) {
        return Err(InstallError::Unsupported("AEAD without encryption"));
    }
    if options.clear_rtp {
        srtp.flags |= SRTP_CLEAR_RTP;
    }
    if options.clear_rtcp {
        srtp.flags |= SRTP_CLEAR_RTCP;
    }
    srtp.rtp_tag_len = if options.unauthenticated_rtp { 0 } else { suite.rtp_tag_len() as u8 };
    srtp.rtcp_tag_len = suite.rtcp_tag_len() as u8;
    let mki = setup.mki.as_bytes();
    let room = srtp.mki.get_mut(..mki.len());
    room.ok_or(InstallError::Unsupported("a key identifier of more than 16 bytes"))?.copy_from_slice(mki);
    srtp.mki_len = mki.len() as u8;
    let derived = setup.key.derive();
    for (into, from) in [(&mut srtp.rtp, &derived.rtp), (&mut srtp.rtcp, &derived.rtcp)] {
        write(into, from);
    }
    Ok(srtp)
}

fn write(into: &mut abi::Keys, from: &KeySet) {
    into.cipher[..from.cipher().len()].copy_from_slice(from.cipher());
    into.auth[..from.auth().len()].copy_from_slice(from.auth());
    into.salt[..from.salt().len()].copy_from_slice(from.salt());
}

/// What the module is told of SSRCs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Of what arrives.
    pub(crate) ssrcs: [Ssrc; SSRCS_MAX],
    /// For each output, in the same order.
    pub(crate) offsets: SmallVec<[[i64; SSRCS_MAX]; 1]>,
}

/// Finds a place for every SSRC of a recipe with keys. Those that find none pass up, as no place is free then; so does
/// what could not go on without using an index twice.
pub(crate) fn places(recipe: &Recipe) -> Places {
    let mut places = Places {
        ssrcs: [Ssrc::new_zeroed(); SSRCS_MAX],
        offsets: recipe.outputs.iter().map(|_| [0; SSRCS_MAX]).collect(),
    };
    // Whoever speaks now was heard last, and stands last.
    let (live, other): (Vec<u32>, Vec<u32>) =
        known(recipe).into_iter().partition(|ssrc| arrived(recipe, *ssrc));
    let order = live.iter().rev().chain(other.iter().rev());
    for (at, (place, ssrc)) in places.ssrcs.iter_mut().zip(order).enumerate() {
        place.ssrc = *ssrc;
        place.flags = SSRC_KNOWN | SSRC_PASS;
        if let Some((progress, offsets)) = reckon(recipe, *ssrc) {
            place.flags = SSRC_KNOWN | SSRC_INDEX;
            place.index = progress.index;
            place.window = progress.window_64();
            for (all, offset) in places.offsets.iter_mut().zip(offsets) {
                all[at] = offset;
            }
        }
    }
    places
}

/// Every SSRC whose RTP was opened or sealed, or is to begin with a rollover counter that somebody has set.
fn known(recipe: &Recipe) -> Vec<u32> {
    let sealed = recipe.outputs.iter().flat_map(|output| &output.sealed);
    let mut all: Vec<u32> = Vec::new();
    for state in recipe.opened.iter().chain(sealed).filter(|state| state.rtp != Progress::default()) {
        if !all.contains(&state.ssrc) {
            all.push(state.ssrc);
        }
    }
    all
}

/// True when this SSRC has arrived here: one that is only known from sealing may be another flow's.
fn arrived(recipe: &Recipe, ssrc: u32) -> bool {
    recipe.open.is_none() || recipe.opened.iter().any(|state| state.ssrc == ssrc && !state.rtp.is_fresh())
}

fn find(states: &[SsrcState], ssrc: u32) -> Option<Progress> {
    states
        .iter()
        .find(|state| state.ssrc == ssrc)
        .map(|state| state.rtp)
        .filter(|rtp| *rtp != Progress::default())
}

/// How far an SSRC has come as it arrives, and by how much each output is ahead of that. `None`: not for the module.
fn reckon(recipe: &Recipe, ssrc: u32) -> Option<(Progress, SmallVec<[i64; 1]>)> {
    let sealed: SmallVec<[Option<Progress>; 1]> = recipe
        .outputs
        .iter()
        .map(|output| find(&output.sealed, ssrc).filter(|_| output.seal.is_some()))
        .collect();
    let mut base = match recipe.open {
        Some(_) => find(&recipe.opened, ssrc)?,
        // Nobody has followed a plain sender: any count of rollovers will do, so the sealer's does.
        None => sealed.iter().flatten().max_by_key(|progress| progress.index).copied()?,
    };
    if base.is_fresh() || sealed.iter().flatten().any(Progress::is_fresh) {
        return None;
    }
    let ahead = |progress: &Option<Progress>| match progress {
        Some(sealed) => rollovers(sealed.index as i64 - base.index as i64),
        // A receiver that has heard nothing yet takes its first packet for one of the first 65536.
        None => -rollovers_before(base.index + 1),
    };
    let offsets: SmallVec<[i64; 1]> = sealed.iter().map(ahead).collect();
    for (sealed, offset) in sealed.iter().zip(&offsets) {
        if let Some(sealed) = sealed {
            base = join(base, Progress { index: sealed.index.checked_add_signed(-offset)?, ..*sealed })?;
        }
    }
    Some((base, offsets))
}

/// The nearest number of whole rollovers.
fn rollovers(distance: i64) -> i64 {
    (distance + 0x8000) & !0xffff
}

fn rollovers_before(index: u64) -> i64 {
    (index & INDEX_MASK & !0xffff) as i64
}

/// What either has seen counts as seen. `None` when they have lost sight of each other.
fn join(one: Progress, other: Progress) -> Option<Progress> {
    let (high, low) = if one.index >= other.index { (one, other) } else { (other, one) };
    let behind = high.index - low.index;
    (behind < WINDOW).then(|| Progress { index: high.index, window: high.window | low.window << behind })
}

/// How far the SSRCs of a flow have come, as they arrived under keys of this crypto context.
pub(crate) fn arrivals(said: &abi::Snapshot, context: u32) -> Vec<SsrcState> {
    states(said, [0; SSRCS_MAX], context)
}

/// How far they had come when they left through output `at` under keys of this crypto context.
pub(crate) fn departures(said: &abi::Snapshot, at: usize, context: u32) -> Vec<SsrcState> {
    said.index_offset.get(at).map(|offsets| states(said, *offsets, context)).unwrap_or_default()
}

fn states(said: &abi::Snapshot, offsets: [i64; SSRCS_MAX], context: u32) -> Vec<SsrcState> {
    let followed = said.ssrcs.iter().zip(offsets).filter(|(one, _)| {
        one.state.flags & (SSRC_KNOWN | SSRC_INDEX | SSRC_PASS) == SSRC_KNOWN | SSRC_INDEX
    });
    let told = followed.map(|(one, offset)| {
        let index = one.state.index.wrapping_add_signed(offset) & INDEX_MASK;
        let rtp = Progress::with_window_64(index, one.state.window);
        SsrcState { rtp, context, ..SsrcState::new(one.state.ssrc) }
    });
    told.collect()
}

/// Of two lists, what is further ahead of each SSRC; of two crypto contexts, the later.
pub(crate) fn merge(into: &mut Vec<SsrcState>, more: &[SsrcState]) {
    for state in more {
        match into.iter_mut().find(|known| known.ssrc == state.ssrc) {
            Some(known) if known.context != state.context => *known = known.join(*state),
            Some(known) => {
                known.rtp = further(known.rtp, state.rtp);
                known.rtcp = further(known.rtcp, state.rtcp);
            }
            None => into.push(*state),
        }
    }
}

fn further(one: Progress, other: Progress) -> Progress {
    join(one, other).filter(|_| !one.is_fresh() && !other.is_fresh()).unwrap_or_else(|| {
        let key = |progress: &Progress| (!progress.is_fresh(), progress.index);
        if key(&one) >= key(&other) { one } else { other }
    })
}

#[cfg(test)]
mod tests;
