use std::fmt;

/// An SRTP protection profile of `use_srtp` (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the profile of that name")]
pub enum Profile {
    AeadAes256Gcm,
    AeadAes128Gcm,
    AesCm128HmacSha1_80,
    AesCm128HmacSha1_32,
}

impl Profile {
    /// All of them, in the order in which they are offered unless the settings say otherwise.
    pub const ALL: [Profile; 4] = [
        Profile::AeadAes256Gcm,
        Profile::AeadAes128Gcm,
        Profile::AesCm128HmacSha1_80,
        Profile::AesCm128HmacSha1_32,
    ];

    /// Its number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Profile::AesCm128HmacSha1_80 => 0x0001,
            Profile::AesCm128HmacSha1_32 => 0x0002,
            Profile::AeadAes128Gcm => 0x0007,
            Profile::AeadAes256Gcm => 0x0008,
        }
    }

    /// Finds a profile by its number on the wire.
    pub fn of_number(number: u16) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.number() == number)
    }

    /// Its name, as RFCs and OpenSSL spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
            Profile::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Profile::AesCm128HmacSha1_80 => "SRTP_AES128_CM_SHA1_80",
            Profile::AesCm128HmacSha1_32 => "SRTP_AES128_CM_SHA1_32",
        }
    }

    /// Bytes of the master key.
    pub fn key_len(self) -> usize {
        if self == Profile::AeadAes256Gcm { 32 } else { 16 }
    }

    /// Bytes of the master salt.
    pub fn salt_len(self) -> usize {
        match self {
            Profile::AeadAes256Gcm | Profile::AeadAes128Gcm => 12,
            Profile::AesCm128HmacSha1_80 | Profile::AesCm128HmacSha1_32 => 14,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again() {
        for profile in Profile::ALL {
            assert_eq!(Profile::of_number(profile.number()), Some(profile));
        }
        // The NULL profiles of RFC 5764 are left out on purpose.
        assert_eq!(Profile::of_number(5), None);
    }
}
