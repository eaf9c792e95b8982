//! Pieces of SDP text: bytes, because attribute values need not be UTF-8 (RFC 8866, `charset`).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// Text borrowed from a body. Compares with `str`, prints lossily, derefs to its bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Wraps bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Text(bytes)
    }

    /// The bytes, with the lifetime of the body.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text if it is UTF-8.
    pub fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The text with everything that is not UTF-8 replaced.
    pub fn to_str_lossy(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }

    /// Equal but for ASCII case.
    pub fn same(self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }

    /// What stands before and after the first `byte`.
    pub fn split_once(self, byte: u8) -> Option<(Text<'a>, Text<'a>)> {
        let at = self.0.iter().position(|&b| b == byte)?;
        Some((Text(&self.0[..at]), Text(&self.0[at + 1..])))
    }

    /// The words between runs of spaces.
    pub fn words(self) -> impl Iterator<Item = Text<'a>> + Clone {
        self.0.split(|&b| b == b' ').filter(|w| !w.is_empty()).map(Text)
    }

    /// Without spaces and tabs at both ends.
    pub fn trimmed(self) -> Text<'a> {
        Text(self.0.trim_ascii())
    }

    /// The whole text as a decimal number without sign; `None` for anything else or if it does not fit.
    pub fn number<N: TryFrom<u64>>(self) -> Option<N> {
        if self.0.is_empty() || self.0.len() > 20 {
            return None;
        }
        let mut value: u64 = 0;
        for &b in self.0 {
            if !b.is_ascii_digit() {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(b - b'0'))?;
        }
        N::try_from(value).ok()
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Text(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Text(bytes)
    }
}

/// A piece of a draft: borrowed from a received body, or made by us.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field<'a>(Cow<'a, [u8]>);

impl<'a> Field<'a> {
    /// A constant.
    pub const fn fixed(text: &'static str) -> Field<'static> {
        Field(Cow::Borrowed(text.as_bytes()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The field as borrowed text.
    pub fn as_text(&self) -> Text<'_> {
        Text(&self.0)
    }

    /// The same text, no longer borrowing from the body.
    pub fn into_owned(self) -> Field<'static> {
        Field(Cow::Owned(self.0.into_owned()))
    }
}

impl Deref for Field<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_text(), f)
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_text(), f)
    }
}

impl PartialEq<str> for Field<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Field<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<'a> From<Text<'a>> for Field<'a> {
    fn from(text: Text<'a>) -> Self {
        Field(Cow::Borrowed(text.0))
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Field(Cow::Borrowed(text.as_bytes()))
    }
}

impl<'a> From<&'a [u8]> for Field<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Field(Cow::Borrowed(bytes))
    }
}

impl From<String> for Field<'_> {
    fn from(text: String) -> Self {
        Field(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Field<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Field(Cow::Owned(bytes))
    }
}
