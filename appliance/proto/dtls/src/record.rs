//! Records and handshake headers as far as they are in clear (RFC 6347 §4.1, §4.2.2). The door: what is not plausible
//! never reaches OpenSSL.

use crate::{Ignored, Role};

/// Bytes of a record's header.
pub(crate) const RECORD_HEADER: usize = 13;
/// Bytes of a handshake message's header.
const MESSAGE_HEADER: usize = 12;
/// Bytes of the largest handshake message we take. Only certificate chains come near.
const MAX_MESSAGE: usize = 16_384;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// One record of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) kind: u8,
    pub(crate) epoch: u16,
    /// 48 bits.
    pub(crate) seq: u64,
    pub(crate) body: &'a [u8],
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Bytes as a length.
fn length(bytes: &[u8]) -> usize {
    usize::try_from(number(bytes)).unwrap_or(usize::MAX)
}

impl<'a> Record<'a> {
    /// Takes the first record off `datagram`.
    pub(crate) fn next(datagram: &mut &'a [u8]) -> Option<Record<'a>> {
        let header = datagram.get(..RECORD_HEADER)?;
        let body = datagram.get(RECORD_HEADER..)?.get(..length(&header[11..13]))?;
        let known = (20..=23).contains(&header[0]) && header[1] == 0xfe;
        if !known {
            return None;
        }
        *datagram = &datagram[RECORD_HEADER + body.len()..];
        Some(Record {
            kind: header[0],
            epoch: u16::from_be_bytes([header[3], header[4]]),
            seq: number(&header[5..11]),
            body,
        })
    }

    /// Whether a peer of somebody in `role` may send this. Encrypted records are OpenSSL's to judge if they have
    /// `shortest` bytes; at shorter ones it gives up instead of ignoring them.
    fn is_plausible(&self, role: Role, shortest: usize) -> bool {
        if self.epoch != 0 {
            return self.body.len() >= shortest;
        }
        match self.kind {
            HANDSHAKE => self.messages_are_plausible(role),
            ALERT => self.body.len() == 2,
            20 => self.body == [1],
            _ => false,
        }
    }

    fn messages_are_plausible(&self, role: Role) -> bool {
        let mut rest = self.body;
        while let Some(header) = rest.get(..MESSAGE_HEADER) {
            let (total, offset, len) = (length(&header[1..4]), length(&header[6..9]), length(&header[9..12]));
            let sent = match role {
                // HelloVerifyRequest, ServerHello, Certificate and on, CertificateStatus.
                Role::Client => matches!(header[0], 2..=4 | 11..=14 | 22),
                // ClientHello, Certificate, CertificateVerify, ClientKeyExchange.
                Role::Server => matches!(header[0], CLIENT_HELLO | 11 | 15 | 16),
            };
            if !sent || total > MAX_MESSAGE || offset + len > total {
                return false;
            }
            match rest.get(MESSAGE_HEADER + len..) {
                Some(behind) => rest = behind,
                None => return false,
            }
        }
        rest.is_empty() && !self.body.is_empty()
    }
}

/// Bytes of the shortest encrypted record that OpenSSL can take apart under the cipher of this name: explicit nonce and
/// tag, or, with CBC, initialisation vector, block and MAC.
pub(crate) fn shortest_encrypted(cipher: &str) -> usize {
    match cipher {
        gcm if gcm.contains("GCM") => 24,
        chacha if chacha.contains("CHACHA20") => 16,
        ccm8 if ccm8.contains("CCM8") => 16,
        ccm if ccm.contains("CCM") => 24,
        cbc if cbc.ends_with("SHA384") => 80,
        cbc if cbc.ends_with("SHA256") => 64,
        _ => 48,
    }
}

/// Checks a datagram for somebody in `role`: whole records, and such as a peer may send. Encrypted ones must have
/// `shortest` bytes.
pub(crate) fn check(mut datagram: &[u8], role: Role, shortest: usize) -> Result<(), Ignored> {
    if datagram.is_empty() {
        return Err(Ignored::Malformed);
    }
    while !datagram.is_empty() {
        let record = Record::next(&mut datagram).ok_or(Ignored::Malformed)?;
        if !record.is_plausible(role, shortest) {
            return Err(Ignored::Implausible);
        }
    }
    Ok(())
}

/// The beginning of a ClientHello, in the first record of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hello<'a> {
    /// Of its record.
    pub(crate) seq: u64,
    /// Which handshake message of the client it is: the first has no cookie yet.
    pub(crate) message_seq: u16,
    pub(crate) random: [u8; 32],
    pub(crate) cookie: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Reads it; `None` if the datagram begins with something else. A first fragment will do if the cookie is in it.
    pub(crate) fn parse(mut datagram: &'a [u8]) -> Option<Hello<'a>> {
        let record = Record::next(&mut datagram)?;
        let header = record.body.get(..MESSAGE_HEADER)?;
        let fits = length(&header[1..4]) <= MAX_MESSAGE && length(&header[9..12]) <= length(&header[1..4]);
        let first = record.kind == HANDSHAKE && record.epoch == 0 && header[0] == CLIENT_HELLO;
        if !first || !fits || length(&header[6..9]) != 0 {
            return None;
        }
        let body = record.body[MESSAGE_HEADER..].get(..length(&header[9..12]))?;
        let random = body.get(2..34)?.try_into().ok()?;
        let session = usize::from(*body.get(34)?);
        let rest = body.get(35 + session..).filter(|_| session <= 32)?;
        let (cookie_len, rest) = rest.split_first()?;
        let cookie = rest.get(..usize::from(*cookie_len))?;
        Some(Hello {
            seq: record.seq,
            message_seq: u16::from_be_bytes([header[4], header[5]]),
            random,
            cookie,
        })
    }
}

fn write_record(kind: u8, seq: u64, message_seq: u16, body: &[u8]) -> Vec<u8> {
    let len = |bytes: usize| (bytes as u32).to_be_bytes();
    let mut out = Vec::with_capacity(RECORD_HEADER + MESSAGE_HEADER + body.len());
    // DTLS 1.0 in the header, as RFC 6347 §4.2.1 wants before the version is chosen; epoch 0.
    out.extend_from_slice(&[HANDSHAKE, 0xfe, 0xff, 0, 0]);
    out.extend_from_slice(&seq.to_be_bytes()[2..]);
    out.extend_from_slice(&len(MESSAGE_HEADER + body.len())[2..]);
    out.push(kind);
    out.extend_from_slice(&len(body.len())[1..]);
    out.extend_from_slice(&message_seq.to_be_bytes());
    out.extend_from_slice(&[0; 3]);
    out.extend_from_slice(&len(body.len())[1..]);
    out.extend_from_slice(body);
    out
}

/// Writes the HelloVerifyRequest to `hello`. It has the sequence numbers of what it answers, so that nobody must
/// remember how many there were (RFC 6347 §4.2.1).
pub(crate) fn hello_verify_request(hello: &Hello<'_>, cookie: &[u8]) -> Vec<u8> {
    let mut body = vec![0xfe, 0xff, cookie.len() as u8];
    body.extend_from_slice(cookie);
    write_record(3, hello.seq, hello.message_seq, &body)
}

/// Writes the smallest ClientHello there is, without a cookie. It brings a fresh session of OpenSSL to where the gate
/// is already: cookie sent, next ClientHello expected.
pub(crate) fn primer(seq: u64, message_seq: u16) -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    body.extend_from_slice(&[0; 32]);
    // No session, no cookie, one cipher, no compression.
    body.extend_from_slice(&[0, 0, 0, 2, 0xc0, 0x2b, 1, 0]);
    write_record(CLIENT_HELLO, seq, message_seq, &body)
}

/// Adds `offset` to the sequence numbers of the records in clear of one of our datagrams. They are covered by nothing.
pub(crate) fn renumber(datagram: &mut [u8], offset: u64) {
    let mut at = 0;
    while let Some(header) = datagram.get_mut(at..).and_then(|rest| rest.get_mut(..RECORD_HEADER)) {
        if header[3..5] == [0, 0] {
            let seq = number(&header[5..11]).wrapping_add(offset);
            header[5..11].copy_from_slice(&seq.to_be_bytes()[2..]);
        }
        at += RECORD_HEADER + length(&header[11..13]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let primer = primer(0x0102_0304_0506, 3);
        let hello = Hello::parse(&primer).unwrap();
        assert_eq!((hello.seq, hello.message_seq, hello.cookie), (0x0102_0304_0506, 3, &[][..]));
        assert_eq!(check(&primer, Role::Server, 24), Ok(()));
        assert_eq!(
            check(&primer, Role::Client, 24),
            Err(Ignored::Implausible),
            "no peer of a client says hello"
        );
        let request = hello_verify_request(&hello, &[7; 16]);
        assert_eq!(check(&request, Role::Client, 24), Ok(()));
        assert!(request.len() <= primer.len(), "no amplification");
        for len in 0..primer.len() {
            assert_eq!(check(&primer[..len], Role::Server, 24), Err(Ignored::Malformed));
            assert!(Hello::parse(&primer[..len]).is_none());
        }
    }

    #[test]
    fn lying_lengths_are_seen() {
        let good = primer(0, 0);
        let with = |at: usize, value: u8| {
            let mut bad = good.clone();
            bad[at] = value;
            check(&bad, Role::Server, 24)
        };
        assert_eq!(with(0, 19), Err(Ignored::Malformed), "content type");
        assert_eq!(with(1, 3), Err(Ignored::Malformed), "version");
        assert_eq!(with(13 + 1, 1), Err(Ignored::Implausible), "message of 64 KiB and more");
        assert_eq!(with(13 + 8, 1), Err(Ignored::Implausible), "fragment beyond the message");
        assert_eq!(with(13 + 11, 0xff), Err(Ignored::Implausible), "fragment beyond the record");
        assert_eq!(with(13, 20), Err(Ignored::Implausible), "Finished in clear");
        assert_eq!(with(0, 23), Err(Ignored::Implausible), "application data in clear");
        assert_eq!(with(4, 1), Ok(()), "encrypted: not ours to judge");
        let mut short = good.clone();
        short[4] = 1;
        short.truncate(RECORD_HEADER + 23);
        short[12] = 23;
        assert_eq!(check(&short, Role::Server, 24), Err(Ignored::Implausible), "no room for nonce and tag");
        assert_eq!(check(&short, Role::Server, 16), Ok(()));
    }

    #[test]
    fn only_records_in_clear_are_renumbered() {
        let mut two = [primer(5, 0), primer(6, 0)].concat();
        let len = two.len() / 2;
        two[len + 4] = 1;
        renumber(&mut two, 10);
        let mut rest = &two[..];
        let seqs = [(); 2].map(|()| Record::next(&mut rest).unwrap().seq);
        assert_eq!(seqs, [15, 6]);
    }
}
