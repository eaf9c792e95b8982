use std::fmt;

/// A crypto suite of SDES: cipher, key lengths and tag lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// RFC 7714.
    AeadAes256Gcm,
    /// RFC 7714.
    AeadAes128Gcm,
    /// RFC 6188.
    Aes256CmHmacSha1_80,
    /// RFC 6188.
    Aes256CmHmacSha1_32,
    /// RFC 6188.
    Aes192CmHmacSha1_80,
    /// RFC 6188.
    Aes192CmHmacSha1_32,
    /// RFC 4568 §6.2.1.
    AesCm128HmacSha1_80,
    /// RFC 4568 §6.2.2.
    AesCm128HmacSha1_32,
    /// RFC 4568 §6.2.3.
    F8_128HmacSha1_80,
    /// As the one before with a short tag; of no RFC.
    F8_128HmacSha1_32,
    /// No cipher. The keys of [`Suite::AesCm128HmacSha1_80`]; RFC 5764 §4.1.2 has it for DTLS.
    NullHmacSha1_80,
    /// No cipher and a short tag.
    NullHmacSha1_32,
}

/// What the payload is encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Null,
    Counter,
    Feedback,
    Gcm,
}

impl Suite {
    /// All suites, the strongest first: the order in which they are offered.
    pub const ALL: [Suite; 12] = [
        Suite::AeadAes256Gcm,
        Suite::AeadAes128Gcm,
        Suite::Aes256CmHmacSha1_80,
        Suite::Aes256CmHmacSha1_32,
        Suite::Aes192CmHmacSha1_80,
        Suite::Aes192CmHmacSha1_32,
        Suite::AesCm128HmacSha1_80,
        Suite::AesCm128HmacSha1_32,
        Suite::F8_128HmacSha1_80,
        Suite::F8_128HmacSha1_32,
        Suite::NullHmacSha1_80,
        Suite::NullHmacSha1_32,
    ];

    /// Packets one master key may protect in SRTP: 2^48 (RFC 3711 §9.2). The same for every suite.
    pub const MAX_RTP_PACKETS: u64 = 1 << 48;
    /// Packets one master key may protect in SRTCP: 2^31 (RFC 3711 §9.2). The same for every suite.
    pub const MAX_RTCP_PACKETS: u64 = 1 << 31;

    /// Its name in SDP.
    pub fn name(self) -> &'static str {
        match self {
            Suite::AeadAes256Gcm => "AEAD_AES_256_GCM",
            Suite::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Suite::Aes256CmHmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Suite::Aes256CmHmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Suite::Aes192CmHmacSha1_80 => "AES_192_CM_HMAC_SHA1_80",
            Suite::Aes192CmHmacSha1_32 => "AES_192_CM_HMAC_SHA1_32",
            Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Suite::F8_128HmacSha1_80 => "F8_128_HMAC_SHA1_80",
            Suite::F8_128HmacSha1_32 => "F8_128_HMAC_SHA1_32",
            Suite::NullHmacSha1_80 => "NULL_HMAC_SHA1_80",
            Suite::NullHmacSha1_32 => "NULL_HMAC_SHA1_32",
        }
    }

    /// Finds a suite by its name in SDP, in any case (RFC 4568 §9.2 with RFC 5234 §2.3).
    pub fn parse(name: &[u8]) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The number of the protection profile in DTLS (RFC 5764 §4.1.2, RFC 7714 §14.2), if there is one.
    pub fn dtls(self) -> Option<u16> {
        match self {
            Suite::AesCm128HmacSha1_80 => Some(0x0001),
            Suite::AesCm128HmacSha1_32 => Some(0x0002),
            Suite::NullHmacSha1_80 => Some(0x0005),
            Suite::NullHmacSha1_32 => Some(0x0006),
            Suite::AeadAes128Gcm => Some(0x0007),
            Suite::AeadAes256Gcm => Some(0x0008),
            _ => None,
        }
    }

    /// Finds a suite by the number of its protection profile in DTLS.
    pub fn of_dtls(profile: u16) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.dtls() == Some(profile))
    }

    /// Bytes of the master key; the session's cipher key is as long.
    pub fn key_len(self) -> usize {
        match self {
            Suite::AeadAes256Gcm | Suite::Aes256CmHmacSha1_80 | Suite::Aes256CmHmacSha1_32 => 32,
            Suite::Aes192CmHmacSha1_80 | Suite::Aes192CmHmacSha1_32 => 24,
            _ => 16,
        }
    }

    /// Bytes of the master salt; the session's salt is as long.
    pub fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Bytes of the session's authentication key: none for AEAD.
    pub fn auth_len(self) -> usize {
        if self.is_aead() { 0 } else { 20 }
    }

    /// Bytes of the tag behind an SRTP packet.
    pub fn rtp_tag_len(self) -> usize {
        match self {
            Suite::AeadAes256Gcm | Suite::AeadAes128Gcm => 16,
            Suite::Aes256CmHmacSha1_32
            | Suite::Aes192CmHmacSha1_32
            | Suite::AesCm128HmacSha1_32
            | Suite::F8_128HmacSha1_32
            | Suite::NullHmacSha1_32 => 4,
            _ => 10,
        }
    }

    /// Bytes of the tag behind an SRTCP packet. The short tag is for SRTP only (RFC 4568 §6.2.2, RFC 6188 §4).
    pub fn rtcp_tag_len(self) -> usize {
        if self.is_aead() { 16 } else { 10 }
    }

    /// Encryption and authentication are one operation.
    pub fn is_aead(self) -> bool {
        self.encryption() == Encryption::Gcm
    }

    pub(crate) fn encryption(self) -> Encryption {
        match self {
            Suite::AeadAes256Gcm | Suite::AeadAes128Gcm => Encryption::Gcm,
            Suite::F8_128HmacSha1_80 | Suite::F8_128HmacSha1_32 => Encryption::Feedback,
            Suite::NullHmacSha1_80 | Suite::NullHmacSha1_32 => Encryption::Null,
            _ => Encryption::Counter,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again_in_any_case() {
        for suite in Suite::ALL {
            assert_eq!(Suite::parse(suite.name().as_bytes()), Some(suite));
            assert_eq!(Suite::parse(suite.name().to_lowercase().as_bytes()), Some(suite));
            assert_eq!(suite.to_string(), suite.name());
        }
        for name in ["", "AES_CM_128_HMAC_SHA1", "AES_CM_128_HMAC_SHA1_800", "AES_128_CM_HMAC_SHA1_80"] {
            assert_eq!(Suite::parse(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn key_and_salt_have_the_lengths_of_their_base64() {
        // Characters of unpadded base64, in the order of offers.
        let chars = [59, 38, 62, 62, 51, 51, 40, 40, 40, 40, 40, 40];
        for (suite, chars) in Suite::ALL.into_iter().zip(chars) {
            assert_eq!(((suite.key_len() + suite.salt_len()) * 4).div_ceil(3), chars, "{suite}");
        }
    }

    #[test]
    fn dtls_profiles_are_found_again() {
        let numbers: Vec<u16> = Suite::ALL.into_iter().filter_map(Suite::dtls).collect();
        assert_eq!(numbers, [8, 7, 1, 2, 5, 6]);
        for number in numbers {
            assert_eq!(Suite::of_dtls(number).unwrap().dtls(), Some(number));
        }
        assert_eq!(Suite::of_dtls(3), None);
    }
}
