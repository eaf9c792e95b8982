//! The text file beside the packets, in the form in which rtpengine writes it, so that what reads that reads ours.

use super::calendar::Civil;
use super::count::Sums;

/// The first lines: where the packets are.
pub(super) fn head(packets: &str) -> String {
    format!("{packets}\n\n")
}

/// An SDP that was sent, when so many packets had been recorded.
pub(super) fn sdp(began_us: u64, offer: bool, packets: u64, sdp: &[u8]) -> Vec<u8> {
    let mode = if offer { "offer" } else { "answer" };
    let head = format!(
        "\nTimestamp started ms: {}\nSDP mode: {mode}\nSDP before RTP packet: {}\n\n",
        millis(began_us),
        packets + 1
    );
    let mut out = head.into_bytes();
    for line in sdp.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(without_key(line));
        if without_key(line).len() < line.len() {
            out.extend_from_slice(b"(hidden)\r\n");
        }
    }
    out
}

/// Recording pauses, or goes on.
pub(super) fn pause(paused: bool, wall_us: u64) -> String {
    let what = if paused { "paused" } else { "resumed" };
    format!("\nRecording {what} at: {} ({} ms)\n", Civil::of(wall_us), millis(wall_us))
}

/// The last lines.
pub(super) fn tail(began_us: u64, ended_us: u64, sums: Sums, note: &str, metadata: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "\nTimestamp terminated ms(first monologue): {}\n\ncall start time: {}\ncall end time: {}\n\
         packets written: {}\npackets lost in memory: {}\npackets lost on disk: {}\n",
        millis(ended_us),
        Civil::of(began_us),
        Civil::of(ended_us),
        sums.written,
        sums.lost,
        sums.unwritten,
    );
    if !note.is_empty() {
        out.push_str(note);
        out.push('\n');
    }
    let mut out = out.into_bytes();
    if !metadata.is_empty() {
        out.extend_from_slice(b"\n\n");
        out.extend_from_slice(metadata);
        out.push(b'\n');
    }
    out
}

/// What is added to the file of a recording that a process left behind.
pub(super) fn interrupted(packets: Option<u64>) -> String {
    match packets {
        Some(packets) => {
            format!("\nRecording interrupted: the relay ended before the call; packets written: {packets}\n")
        }
        None => {
            "\nRecording interrupted: the relay ended before the call; no packets were written\n".to_owned()
        }
    }
}

/// Milliseconds with three digits behind the point.
fn millis(wall_us: u64) -> String {
    format!("{}.{:03}", wall_us / 1000, wall_us % 1000)
}

/// A line of SDP up to its SRTP key.
fn without_key(line: &[u8]) -> &[u8] {
    const KEY: &[u8] = b"inline:";
    if !line.starts_with(b"a=crypto:") {
        return line;
    }
    let at = line.windows(KEY.len()).position(|part| part == KEY);
    at.map_or(line, |at| &line[..at + KEY.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_as_rtpengine_writes_it() {
        let began = 1_795_294_568_048_727;
        let mut file = head("/rec/pcaps/x.pcap").into_bytes();
        file.extend(sdp(began, true, 0, b"v=0\r\nm=audio 1 RTP/AVP 0\r\n"));
        file.extend(pause(true, began + 1_000_000).into_bytes());
        file.extend(pause(false, began + 2_000_000).into_bytes());
        let sums = Sums { written: 3, lost: 1, unwritten: 0 };
        file.extend(tail(began, began + 5_000_000, sums, "", b"k:v"));
        let expected = "/rec/pcaps/x.pcap\n\n\n\
            Timestamp started ms: 1795294568048.727\nSDP mode: offer\nSDP before RTP packet: 1\n\n\
            v=0\r\nm=audio 1 RTP/AVP 0\r\n\n\
            Recording paused at: 2026-11-21T20:56:09 (1795294569048.727 ms)\n\n\
            Recording resumed at: 2026-11-21T20:56:10 (1795294570048.727 ms)\n\n\
            Timestamp terminated ms(first monologue): 1795294573048.727\n\n\
            call start time: 2026-11-21T20:56:08\ncall end time: 2026-11-21T20:56:13\n\
            packets written: 3\npackets lost in memory: 1\npackets lost on disk: 0\n\n\nk:v\n";
        assert_eq!(String::from_utf8(file).unwrap(), expected);
    }

    #[test]
    fn no_key_is_written_down() {
        let text =
            sdp(0, false, 7, b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20\r\na=sendrecv\r\n");
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.ends_with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:(hidden)\r\na=sendrecv\r\n"),
            "{text}"
        );
        assert!(text.contains("SDP before RTP packet: 8"));
    }
}
