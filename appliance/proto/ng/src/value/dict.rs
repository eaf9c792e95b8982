//! A dictionary that keeps the order in which its keys came.

use std::borrow::Cow;

use super::Value;

/// Key and value pairs in the order they were written.
///
/// Lookup is linear: ng dictionaries are small, and replies must keep their order. If a key was repeated in a
/// parsed message both pairs stay and the getters see the first, as rtpengine does for bencode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dict<'a> {
    pairs: Vec<(Cow<'a, [u8]>, Value<'a>)>,
}

impl<'a> Dict<'a> {
    /// An empty dictionary.
    pub const fn new() -> Self {
        Dict { pairs: Vec::new() }
    }

    /// An empty dictionary with room for `pairs`.
    pub(crate) fn with_capacity(pairs: usize) -> Self {
        Dict { pairs: Vec::with_capacity(pairs) }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// True if there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.pairs.iter().find(|(name, _)| name.as_ref() == key.as_bytes()).map(|(_, value)| value)
    }

    /// The value of `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        self.pairs.iter_mut().find(|(name, _)| name.as_ref() == key.as_bytes()).map(|(_, value)| value)
    }

    /// The bytes under `key`, if it is there and a byte string.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        self.get(key)?.as_bytes()
    }

    /// The text under `key`, if it is there and UTF-8.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The number under `key`, also when written as a decimal string.
    pub fn int(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_int()
    }

    /// The list under `key`.
    pub fn list(&self, key: &str) -> Option<&[Value<'a>]> {
        self.get(key)?.as_list()
    }

    /// The dictionary under `key`.
    pub fn dict(&self, key: &str) -> Option<&Dict<'a>> {
        self.get(key)?.as_dict()
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Value<'a>)> {
        self.pairs.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// All pairs in order, with keys that can outlive the dictionary.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Cow<'a, [u8]>, &Value<'a>)> {
        self.pairs.iter().map(|(key, value)| (key, value))
    }

    /// Appends a pair. Does not look whether the key is there already; see [`Dict::set`].
    pub fn push(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let key = match key.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        self.pairs.push((key, value.into()));
    }

    /// Appends a pair whose key need not be text.
    pub fn push_bytes(&mut self, key: impl Into<Cow<'a, [u8]>>, value: impl Into<Value<'a>>) {
        self.pairs.push((key.into(), value.into()));
    }

    /// Replaces the value of `key`, or appends the pair.
    pub fn set(&mut self, key: &'a str, value: impl Into<Value<'a>>) {
        match self.get_mut(key) {
            Some(old) => *old = value.into(),
            None => self.push(key, value),
        }
    }

    /// Builder form of [`Dict::push`].
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.push(key, value);
        self
    }

    /// A view with borrowed keys and texts.
    pub fn reborrow(&self) -> Dict<'_> {
        let pairs =
            self.pairs.iter().map(|(key, value)| (Cow::Borrowed(key.as_ref()), value.reborrow())).collect();
        Dict { pairs }
    }

    /// The same dictionary with nothing borrowed.
    pub fn into_owned(self) -> Dict<'static> {
        let own =
            |(key, value): (Cow<'a, [u8]>, Value<'a>)| (Cow::Owned(key.into_owned()), value.into_owned());
        Dict { pairs: self.pairs.into_iter().map(own).collect() }
    }
}

impl<'a> IntoIterator for Dict<'a> {
    type Item = (Cow<'a, [u8]>, Value<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

impl<'a> FromIterator<(Cow<'a, [u8]>, Value<'a>)> for Dict<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, [u8]>, Value<'a>)>>(pairs: I) -> Self {
        Dict { pairs: pairs.into_iter().collect() }
    }
}
