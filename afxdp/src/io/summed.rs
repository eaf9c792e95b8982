//! What is known of the sum of a frame's payload: it is kept with the packet, where the UDP checksum stood with which it
//! came, which nobody asks for once it has been checked. Behind it lies the payload, before it the length that it is the sum of.
//! So it moves and ends with the packet, and lies in a line of memory that is in use.

use flow::Frame;
use wire::Sum;

/// Bytes of length and sum, just before the payload.
pub(super) const ROOM: usize = 4;
/// Length of a UDP header, which the length in it counts too.
const UDP: usize = 8;

/// Keeps the sum of the payload of a frame that has just been parsed.
pub(super) fn keep(bytes: &mut [u8], frame: &Frame, payload: Sum) {
    if let Some([_, _, sum @ ..]) = place(bytes, frame) {
        *sum = payload.fold().to_be_bytes();
    }
}

/// Says that the payload may change.
pub(super) fn forget(bytes: &mut [u8], frame: &Frame) {
    if let Some([_, _, sum @ ..]) = place(bytes, frame) {
        *sum = [0, 0];
    }
}

/// The sum of the frame's payload, if it is known.
pub(super) fn kept(bytes: &[u8], frame: &Frame) -> Option<Sum> {
    let start = usize::from(frame.start);
    let &[l0, l1, s0, s1] = bytes.get(start.checked_sub(ROOM)?..start)?.first_chunk()?;
    let whole = usize::from(u16::from_be_bytes([l0, l1])) == UDP + usize::from(frame.len);
    // The sum of nothing but zeros is zero, and quickly had.
    let sum = u16::from_be_bytes([s0, s1]);
    (whole && sum != 0).then(|| Sum::default().word(sum))
}

fn place<'b>(bytes: &'b mut [u8], frame: &Frame) -> Option<&'b mut [u8; ROOM]> {
    let start = usize::from(frame.start);
    bytes.get_mut(start.checked_sub(ROOM)?..start)?.first_chunk_mut()
}
