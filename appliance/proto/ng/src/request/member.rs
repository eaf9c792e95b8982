//! Small sets of named options, and how names are matched.
//!
//! rtpengine lists by hand, key by key, whether a space, a hyphen or an underscore may separate words and which
//! case counts. Here one rule covers every key and flag: case does not matter, the three separators are one, and
//! dots do not count (`T.38` is `T38`). That accepts all it accepts.

use std::fmt;
use std::marker::PhantomData;

/// An option with a name, one of a closed list.
pub trait Member: Copy + fmt::Debug + 'static {
    /// All names, normalised, sorted by length and then by bytes; several may stand for the same member.
    const NAMES: &'static [(&'static str, Self)];

    /// Position in the list, below 128.
    fn index(self) -> u32;

    /// The member with this name.
    fn named(name: &[u8]) -> Option<Self> {
        find(Self::NAMES, name)
    }
}

/// A set of members of one list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Set<T> {
    bits: u128,
    of: PhantomData<T>,
}

impl<T: Member> Set<T> {
    /// True if `member` is in the set.
    pub fn has(self, member: T) -> bool {
        self.bits & (1 << member.index()) != 0
    }

    /// Puts `member` in.
    pub fn insert(&mut self, member: T) {
        self.bits |= 1 << member.index();
    }

    /// Takes `member` out.
    pub fn remove(&mut self, member: T) {
        self.bits &= !(1 << member.index());
    }

    /// True if no member is in.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }
}

impl<T> Default for Set<T> {
    fn default() -> Self {
        Set { bits: 0, of: PhantomData }
    }
}

impl<T: Member> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Set::default();
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl<T: Member> fmt::Debug for Set<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = 0u128;
        let mut list = out.debug_set();
        for (_, member) in T::NAMES {
            let bit = 1 << member.index();
            if self.bits & bit != 0 && seen & bit == 0 {
                seen |= bit;
                list.entry(member);
            }
        }
        list.finish()
    }
}

/// Declares an enum of options with their names. The first name is the canonical one; all are written
/// normalised (lower case, hyphens, no dots).
macro_rules! members {
    ($(#[doc = $about:literal])+ $list:ident { $($(#[doc = $doc:literal])+ $name:ident = $($text:literal)|+,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $list { $($(#[doc = $doc])+ $name,)+ }

        impl $crate::request::member::Member for $list {
            const NAMES: &'static [(&'static str, Self)] =
                &$crate::request::member::sorted([$($(($text, $list::$name),)+)+]);

            fn index(self) -> u32 {
                self as u32
            }
        }

        impl $list {
            /// The canonical name.
            pub const fn as_str(self) -> &'static str {
                match self { $($list::$name => $crate::request::member::first(&[$($text),+]),)+ }
            }
        }
    };
}
pub(crate) use members;

/// The first of several names.
pub(crate) const fn first(names: &[&'static str]) -> &'static str {
    names[0]
}

/// Longest name we know, with room; anything longer is unknown without looking.
const MAX_NAME: usize = 48;

/// Looks `name` up in a table of normalised, sorted names.
pub(crate) fn find<T: Copy>(table: &[(&'static str, T)], name: &[u8]) -> Option<T> {
    if name.len() > MAX_NAME {
        return None;
    }
    let mut folded = [0u8; MAX_NAME];
    let mut len = 0;
    for byte in name.iter().filter(|byte| **byte != b'.') {
        folded[len] = fold(*byte);
        len += 1;
    }
    let folded = &folded[..len];
    let order = |known: &str| known.len().cmp(&len).then_with(|| known.as_bytes().cmp(folded));
    table.binary_search_by(|(known, _)| order(known)).ok().map(|at| table[at].1)
}

/// What is left of `text` after `prefix` (normalised, dots kept), if it starts with it.
pub(crate) fn strip_prefix<'a>(text: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.iter().map(|byte| fold(*byte)).eq(prefix.bytes()).then_some(rest)
}

const fn fold(byte: u8) -> u8 {
    match byte {
        b' ' | b'_' => b'-',
        _ => byte.to_ascii_lowercase(),
    }
}

/// Sorts a table of names at compile time, so that tables can be written in the order that reads best.
pub(crate) const fn sorted<T: Copy, const N: usize>(
    mut table: [(&'static str, T); N],
) -> [(&'static str, T); N] {
    let mut i = 1;
    while i < N {
        let mut j = i;
        while j > 0 && precedes(table[j].0.as_bytes(), table[j - 1].0.as_bytes()) {
            table.swap(j, j - 1);
            j -= 1;
        }
        i += 1;
    }
    table
}

/// Shorter names first, because lengths compare faster than names.
const fn precedes(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return left.len() < right.len();
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return left[i] < right[i];
        }
        i += 1;
    }
    false
}
