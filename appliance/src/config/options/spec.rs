//! What the table says about one option.

/// A topic of the manual page.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// Options in the order of the manual page.
    pub options: &'static [Opt],
}

/// One option of the classic command line and key file.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    /// The long name, which is the key in the key file too.
    pub name: &'static str,
    /// The single-letter form.
    pub short: Option<char>,
    /// What a value looks like.
    pub kind: Kind,
    /// Where the value goes.
    pub carry: Carry,
    /// Whether this build does anything with it.
    pub available: Availability,
    /// One line for people.
    pub help: &'static str,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// On or off; on the command line the bare option means on.
    Flag,
    /// A whole number between two bounds, both included.
    Int(i64, i64),
    /// A number that is not negative.
    Float,
    /// Any text.
    Text,
    /// One of these words, upper and lower case alike.
    Word(&'static [&'static str]),
    /// Texts: the option repeated on the command line, a `;` list in the key file.
    Texts,
    /// Whole numbers, listed like texts.
    Ints,
    /// Act and exit; command line only.
    Action,
}

/// Where a value goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Carry {
    /// To this path of the TOML configuration.
    To(&'static str),
    /// To this path, except that one number stands for "not set".
    Unless(i64, &'static str),
    /// To this path with its meaning turned round.
    Negated(&'static str),
    /// The lower end of `media.ports`.
    PortLow,
    /// The upper end of `media.ports`.
    PortHigh,
    /// Interface definitions in the short form `[NAME/]ADDRESS[!ADVERTISED]` or `ALIAS=NAME`.
    Interface,
    /// Names a section of the key file that holds flag templates.
    TemplateSection,
    /// The common start of the names of key-file sections that each define an interface.
    InterfaceSections,
    /// Steers the start itself (which file, which section) and is not part of the configuration.
    Start,
    /// Nowhere: nothing in the configuration stands for it yet.
    Nowhere,
}

impl Carry {
    /// The path in the TOML configuration that the option sets, wholly or in part.
    #[must_use]
    pub fn path(self) -> Option<&'static str> {
        match self {
            Self::To(path) | Self::Unless(_, path) | Self::Negated(path) => Some(path),
            Self::PortLow | Self::PortHigh => Some("media.ports"),
            Self::Interface | Self::InterfaceSections => Some("interface"),
            Self::TemplateSection => Some("templates"),
            Self::Start | Self::Nowhere => None,
        }
    }
}

/// Whether this build does anything with an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It works.
    Works,
    /// Recognised, warned about, not there yet; the text names the missing feature.
    Later(&'static str),
    /// Recognised and of no effect by design; the text says why.
    Moot(&'static str),
}

impl Opt {
    const fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { name, short: None, kind, carry: Carry::Nowhere, available: Availability::Works, help }
    }

    /// An on/off option.
    pub(super) const fn flag(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Flag, help)
    }

    /// A whole number from `low` to `high`.
    pub(super) const fn int(name: &'static str, low: i64, high: i64, help: &'static str) -> Self {
        Self::new(name, Kind::Int(low, high), help)
    }

    /// A number of things or of time units: whole and not negative.
    pub(super) const fn count(name: &'static str, help: &'static str) -> Self {
        Self::int(name, 0, u32::MAX as i64, help)
    }

    /// A number that is not negative.
    pub(super) const fn float(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Float, help)
    }

    /// Any text.
    pub(super) const fn text(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Text, help)
    }

    /// One word out of several.
    pub(super) const fn word(name: &'static str, words: &'static [&'static str], help: &'static str) -> Self {
        Self::new(name, Kind::Word(words), help)
    }

    /// A list of texts.
    pub(super) const fn texts(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Texts, help)
    }

    /// A list of whole numbers.
    pub(super) const fn ints(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Ints, help)
    }

    /// Act and exit.
    pub(super) const fn action(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Action, help)
    }

    /// Gives the option its letter.
    pub(super) const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    /// Sends the value to a path of the TOML configuration.
    pub(super) const fn to(self, path: &'static str) -> Self {
        self.carry(Carry::To(path))
    }

    /// Says where the value goes.
    pub(super) const fn carry(mut self, carry: Carry) -> Self {
        self.carry = carry;
        self
    }

    /// Marks a feature that is not there yet.
    pub(super) const fn later(mut self, feature: &'static str) -> Self {
        self.available = Availability::Later(feature);
        self
    }

    /// Marks an option that has nothing to act on here.
    pub(super) const fn moot(mut self, why: &'static str) -> Self {
        self.available = Availability::Moot(why);
        self
    }
}
