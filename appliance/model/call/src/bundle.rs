//! BUNDLE (RFC 9143), as far as it is done here: a group of one section, which is on a port of its own anyhow. Larger
//! groups are taken out of the SDP, and every section gets its own port.

use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::exchange::Role;
use crate::intent::Intent;
use sdp::{Draft, DraftMedia, Extmap, Field};

/// The header extension that carries the `mid` in packets (RFC 9143 §15).
const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// What is done about BUNDLE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BundleWish {
    /// Accept the sender's group.
    pub accept: bool,
    /// Offer a group, whether the sender has one or not.
    pub offer: bool,
}

impl Call {
    /// Notes whether the sender's group is accepted, and writes the receiver's.
    pub(crate) fn bundle<'a>(
        &mut self,
        between: Dialogue,
        role: Role,
        intent: &Intent<'a>,
        draft: &mut Draft<'a>,
    ) {
        let wish = intent.options.bundle;
        let grouped = match role {
            Role::Offer => {
                let offers = intent.sdp.groups().any(|group| group.is_bundle());
                self.parties[between.sender].bundles = wish.accept && offers;
                wish.offer
            }
            Role::Answer => self.parties[between.receiver].bundles,
        };
        let [only] = draft.media.as_mut_slice() else { return };
        if !grouped || only.port == 0 || !only.profile().is_rtp() {
            return;
        }
        if role == Role::Offer {
            only.mid.get_or_insert(Field::fixed("1"));
            add_mid_extension(only);
        }
        if let Some(mid) = &only.mid {
            draft.groups.push(Field::from([b"BUNDLE ".as_slice(), mid].concat()));
        }
    }
}

/// Adds the extension under the first number that is free, unless it is there.
fn add_mid_extension(section: &mut DraftMedia<'_>) {
    section.extmap_allow_mixed = true;
    if section.extmaps.iter().any(|e| e.uri == MID_URI) {
        return;
    }
    let free = (1..15).find(|id| section.extmaps.iter().all(|e| e.id != *id));
    if let Some(id) = free {
        section.extmaps.push(Extmap {
            id,
            direction: Field::default(),
            uri: Field::fixed(MID_URI),
            attributes: Field::default(),
        });
    }
}
