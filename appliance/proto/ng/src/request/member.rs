//! Small sets of named options, and how names are matched.
//!
//! rtpengine lists by hand, name by name, which separators and which case it takes. So does every table here, in the
//! name itself: a blank stands for a blank or a hyphen, the same all along; a hyphen and an underscore stand for
//! themselves; a name with capitals may also come all in lower case. Whatever else is taken is a name of its own.

use std::fmt;
use std::marker::PhantomData;

/// An option with a name, one of a closed list.
pub trait Member: Copy + fmt::Debug + 'static {
    /// All names; several may stand for the same member.
    const NAMES: &'static Table<Self>;

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
        for (_, _, member) in T::NAMES {
            let bit = 1 << member.index();
            if self.bits & bit != 0 && seen & bit == 0 {
                seen |= bit;
                list.entry(member);
            }
        }
        list.finish()
    }
}

/// Declares an enum of options with their names, in the notation this module describes.
macro_rules! members {
    ($(#[doc = $about:literal])+ $list:ident { $($(#[doc = $doc:literal])+ $name:ident = $($text:literal)|+,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $list { $($(#[doc = $doc])+ $name,)+ }

        impl $crate::request::member::Member for $list {
            const NAMES: &'static $crate::request::member::Table<Self> =
                &$crate::request::member::table([$($(($text, $list::$name),)+)+]);

            fn index(self) -> u32 {
                self as u32
            }
        }
    };
}
pub(crate) use members;

/// Names with what they stand for, each behind its [`digest`] and sorted by it.
pub type Table<T> = [(u32, &'static str, T)];

/// Looks a name up.
pub(crate) fn find<T: Copy>(table: &Table<T>, typed: &[u8]) -> Option<T> {
    let digest = digest(typed);
    let at = table.binary_search_by(|(known, _, _)| known.cmp(&digest)).ok()?;
    let (_, name, found) = table[at];
    is_spelling(name.as_bytes(), typed).then_some(found)
}

/// A number that all spellings of a name share, and no two names of a table (FNV-1a).
const fn digest(name: &[u8]) -> u32 {
    let (mut hash, mut i) = (0x811c_9dc5_u32, 0);
    while i < name.len() {
        let byte = match name[i] {
            b' ' => b'-',
            other => other.to_ascii_lowercase(),
        };
        hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

/// True for the spellings that the name allows.
fn is_spelling(name: &[u8], typed: &[u8]) -> bool {
    if name == typed {
        return true;
    }
    if name.len() != typed.len() {
        return false;
    }
    let (mut as_written, mut lower, mut separator) = (true, true, None);
    for (known, byte) in name.iter().zip(typed) {
        if *known == b' ' {
            if !matches!(byte, b' ' | b'-') || *separator.get_or_insert(*byte) != *byte {
                return false;
            }
        } else {
            as_written &= known == byte;
            lower &= known.to_ascii_lowercase() == *byte;
        }
    }
    as_written || lower
}

/// Makes a table at compile time, so that names can be written in the order that reads best. Does not compile if a
/// name is there twice.
pub(crate) const fn table<T: Copy, const N: usize>(
    names: [(&'static str, T); N],
) -> [(u32, &'static str, T); N] {
    let mut table = [(0, names[0].0, names[0].1); N];
    let mut i = 0;
    while i < N {
        table[i] = (digest(names[i].0.as_bytes()), names[i].0, names[i].1);
        let mut j = i;
        while j > 0 && table[j].0 <= table[j - 1].0 {
            assert!(table[j].0 != table[j - 1].0, "two names with one digest");
            table.swap(j, j - 1);
            j -= 1;
        }
        i += 1;
    }
    table
}
