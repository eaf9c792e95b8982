use super::{ReportBlock, SenderInfo};

/// The most blocks one report has room for (RFC 3550 §6.4.1).
const MAX_BLOCKS: usize = 31;

/// A compound of one report and its sender's name (RFC 3550 §6.1), to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it has sent: with it the report is an SR, without it an RR.
    pub sent: Option<SenderInfo>,
    /// What it has received; no more than 31 of them are written.
    pub blocks: &'a [ReportBlock],
    /// Its canonical name (CNAME), of which up to 255 bytes are written.
    pub name: &'a [u8],
}

impl Report<'_> {
    /// The bytes of the compound.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + 24 * self.blocks.len());
        let blocks = &self.blocks[..self.blocks.len().min(MAX_BLOCKS)];
        let kind = if self.sent.is_some() { 200 } else { 201 };
        packet(&mut out, blocks.len() as u8, kind, |out| {
            out.extend(self.ssrc.to_be_bytes());
            if let Some(sent) = &self.sent {
                out.extend(sent.ntp.to_be_bytes());
                out.extend([sent.timestamp, sent.packets, sent.octets].map(u32::to_be_bytes).as_flattened());
            }
            for block in blocks {
                // 24 bits, signed (RFC 3550 §6.4.1): what does not fit stays at the end of the range.
                let lost = block.lost.clamp(-0x80_0000, 0x7f_ffff).cast_unsigned() & 0xff_ffff;
                let lost = u32::from(block.fraction_lost) << 24 | lost;
                let words = [block.ssrc, lost, block.last_seq, block.jitter, block.last_sr, block.delay];
                out.extend(words.map(u32::to_be_bytes).as_flattened());
            }
        });
        packet(&mut out, 1, 202, |out| {
            let name = &self.name[..self.name.len().min(255)];
            out.extend(self.ssrc.to_be_bytes());
            out.extend([1, name.len() as u8]);
            out.extend(name);
            // One zero ends the list at least, more of them the word (RFC 3550 §6.5).
            out.resize(out.len() + 4 - out.len() % 4, 0);
        });
        out
    }
}

/// Writes a header and what comes behind it, which must be whole words.
fn packet(out: &mut Vec<u8>, count: u8, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0x80 | count, kind, 0, 0]);
    body(out);
    let words = (out.len() - start) / 4 - 1;
    out[start + 2..start + 4].copy_from_slice(&(words as u16).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::{Type, walk};
    use super::*;

    const SENT: SenderInfo =
        SenderInfo { ntp: 0xe000_0001_8000_0000, timestamp: 160, packets: 3, octets: 480 };

    fn block(ssrc: u32, lost: i32) -> ReportBlock {
        ReportBlock { ssrc, fraction_lost: 5, lost, last_seq: 9, jitter: 7, last_sr: 6, delay: 4 }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (sent, blocks, name) in [
            (Some(SENT), vec![block(1, -3), block(2, 0x7f_ffff)], &b"abcdef"[..]),
            (None, vec![block(1, 5)], b""),
            (Some(SENT), vec![], b"a"),
            (None, vec![block(3, -0x80_0000); 31], &[b'x'; 255]),
        ] {
            let bytes = Report { ssrc: 77, sent, blocks: &blocks, name }.to_bytes();
            assert_eq!(bytes.len() % 4, 0);
            let read: Vec<_> = walk(&bytes).map(Result::unwrap).collect();
            assert_eq!(read.len(), 2);
            assert!(read.iter().all(|packet| packet.ssrc() == Some(77)));
            assert_eq!(read[0].sender_info(), sent);
            assert_eq!(read[0].reports().collect::<Vec<_>>(), blocks);
            assert_eq!(read[1].header().kind, Type::SourceDescription);
            assert_eq!(&read[1].body()[4..6], [1, name.len() as u8]);
            assert_eq!(&read[1].body()[6..][..name.len()], name);
            assert!(read[1].body()[6 + name.len()..].contains(&0));
        }
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let bytes =
            Report { ssrc: 1, sent: None, blocks: &[block(1, i32::MAX); 40], name: &[b'x'; 300] }.to_bytes();
        let report = walk(&bytes).next().unwrap().unwrap();
        assert_eq!(report.reports().len(), 31);
        assert!(report.reports().all(|block| block.lost == 0x7f_ffff));
        assert_eq!(walk(&bytes).filter(Result::is_ok).count(), 2);
    }
}
