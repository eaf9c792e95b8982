use crate::Engine;
use crate::flow::Flow;
use crate::tape::{Copied, Passing, read, size, write};
use flow::DropReason;

/// Room of a reel, in bytes. Half a megabyte is four seconds of twenty calls, one way each.
pub const REEL: usize = 512 * 1024;
/// Of these, what is kept for saying what found no room.
const SPARE: usize = 16 * 1024;
/// Bytes before a copy: the recording, and what follows.
const LABEL: usize = 4 + 1;
const PACKET: u8 = 0;
const LOST: u8 = 1;

/// Copies of packets of recorded flows. It has a fixed size and is exchanged before it is full; what finds no room is
/// counted for its flow, and said with the next that does.
#[derive(Debug, Default)]
pub(crate) struct Reel {
    bytes: Vec<u8>,
    /// Packets that nobody can be told of by recording.
    lost: u64,
    /// A flow was recorded once: a reel without room is to be exchanged.
    used: bool,
}

/// What is on a reel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wound<'a> {
    /// A packet with its UDP payload, in clear where it was opened here.
    Packet(Copied, &'a [u8]),
    /// So many packets before the next one of a flow found no room.
    Lost(u64),
}

impl Reel {
    /// To be called when a recorded flow comes, not when its packets do.
    pub(crate) fn make_room(&mut self) {
        self.used = true;
        if self.bytes.capacity() < REEL {
            self.bytes.reserve_exact(REEL - self.bytes.len());
        }
    }

    /// Copies a packet, if it is of those that the flow's recording has.
    pub(crate) fn record(&mut self, flow: &mut Flow, copied: &Copied, payload: &[u8]) {
        let Some(recorded) = flow.recorded else { return };
        let wanted = match copied.passing {
            Passing::In => recorded.arriving,
            Passing::Dropped(reason) => recorded.arriving && is_speech(reason),
            Passing::Out => recorded.leaving,
        };
        if !wanted {
            return;
        }
        // With room for what is lost before it.
        let takes = 2 * LABEL + 8 + size(payload.len());
        if self.room().saturating_sub(SPARE) < takes {
            flow.unrecorded += 1;
            return;
        }
        self.let_go(flow);
        self.label(recorded.id, PACKET);
        write(&mut self.bytes, copied, payload);
    }

    /// Says what of a flow found no room, before its recording ends or goes on.
    pub(crate) fn let_go(&mut self, flow: &mut Flow) {
        let lost = std::mem::take(&mut flow.unrecorded);
        match flow.recorded {
            _ if lost == 0 => {}
            Some(recorded) if self.room() >= LABEL + 8 => {
                self.label(recorded.id, LOST);
                self.bytes.extend_from_slice(&lost.to_le_bytes());
            }
            _ => self.lost += lost,
        }
    }

    fn label(&mut self, id: u32, what: u8) {
        self.bytes.extend_from_slice(&id.to_le_bytes());
        self.bytes.push(what);
    }

    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }
}

/// What ended here but was said all the same: it arrived from who may speak, in clear or opened.
fn is_speech(reason: DropReason) -> bool {
    use DropReason as Why;
    matches!(reason, Why::Blocked | Why::NoOutput | Why::NotMedia | Why::TooShort)
}

impl Engine {
    /// True when the reel should be exchanged soon: it is half full, or has no room although there is something to record.
    pub fn wants_reel(&self) -> bool {
        self.reel.used && (self.reel.bytes.len() >= REEL / 2 || self.reel.bytes.capacity() < REEL)
    }

    /// Gives out the reel, to be read by [`wound`], and how many packets no recording can be told of. `empty` takes its
    /// place, with whatever room it has.
    pub fn swap_reel(&mut self, mut empty: Vec<u8>) -> (Vec<u8>, u64) {
        empty.clear();
        let lost = std::mem::take(&mut self.reel.lost);
        (std::mem::replace(&mut self.reel.bytes, empty), lost)
    }

    /// True when there is nothing to be given out.
    pub fn is_reel_empty(&self) -> bool {
        self.reel.bytes.is_empty() && self.reel.lost == 0
    }
}

/// Reads what [`Engine::swap_reel`] has given out: which recording, and what of it.
pub fn wound(reel: &[u8]) -> impl Iterator<Item = (u32, Wound<'_>)> {
    let mut rest = reel;
    std::iter::from_fn(move || {
        let (label, after) = rest.split_first_chunk::<LABEL>()?;
        rest = after;
        let id = u32::from_le_bytes([label[0], label[1], label[2], label[3]]);
        if label[4] == PACKET {
            let (copied, payload) = read(&mut rest)?;
            return Some((id, Wound::Packet(copied, payload)));
        }
        let (count, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        Some((id, Wound::Lost(u64::from_le_bytes(*count))))
    })
}

#[cfg(test)]
mod tests;
