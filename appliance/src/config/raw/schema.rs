//! The macro that turns one definition of a section into its serde type and its documentation, so that the two
//! cannot drift apart.

use super::Interface;
use super::outside::{Graphite, Homer, Http};
use super::recording::Recording;
use super::sections::{Appliance, Control, Dtls, Kernel, Limits, Log, Media, Process, Threads, Timeouts};

/// A documented key.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The Rust name; the key is the same with dashes.
    rust_name: &'static str,
    /// Lines of the doc comment.
    pub docs: &'static [&'static str],
    /// What a value looks like, for a key that has none by default.
    pub example: Option<&'static str>,
}

impl Field {
    pub(super) const fn new(
        rust_name: &'static str,
        docs: &'static [&'static str],
        example: Option<&'static str>,
    ) -> Self {
        Self { rust_name, docs, example }
    }

    /// The key as written in the file.
    #[must_use]
    pub fn key(&self) -> String {
        self.rust_name.replace('_', "-")
    }
}

/// How a section stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// `[name]` with fixed keys.
    Table,
    /// `[[name]]` with fixed keys, any number of times.
    Repeated,
    /// `[name]` with keys of the operator's choice and text values.
    Free,
}

/// A documented section.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Name in the file.
    pub name: &'static str,
    /// How it stands in the file.
    pub kind: SectionKind,
    /// Lines of the doc comment.
    pub docs: &'static [&'static str],
    /// Its keys, in order.
    pub fields: &'static [Field],
}

/// All sections, in the order of the file.
pub static SECTIONS: &[Section] = &[
    Section {
        name: "interface",
        kind: SectionKind::Repeated,
        docs: Interface::DOCS,
        fields: Interface::FIELDS,
    },
    Section {
        name: "aliases",
        kind: SectionKind::Free,
        docs: &[" Other names for interfaces, as ALIAS = \"NAME\"."],
        fields: &[],
    },
    Section { name: "control", kind: SectionKind::Table, docs: Control::DOCS, fields: Control::FIELDS },
    Section { name: "http", kind: SectionKind::Table, docs: Http::DOCS, fields: Http::FIELDS },
    Section { name: "media", kind: SectionKind::Table, docs: Media::DOCS, fields: Media::FIELDS },
    Section { name: "timeouts", kind: SectionKind::Table, docs: Timeouts::DOCS, fields: Timeouts::FIELDS },
    Section { name: "limits", kind: SectionKind::Table, docs: Limits::DOCS, fields: Limits::FIELDS },
    Section { name: "dtls", kind: SectionKind::Table, docs: Dtls::DOCS, fields: Dtls::FIELDS },
    Section { name: "threads", kind: SectionKind::Table, docs: Threads::DOCS, fields: Threads::FIELDS },
    Section { name: "appliance", kind: SectionKind::Table, docs: Appliance::DOCS, fields: Appliance::FIELDS },
    Section { name: "kernel", kind: SectionKind::Table, docs: Kernel::DOCS, fields: Kernel::FIELDS },
    Section { name: "homer", kind: SectionKind::Table, docs: Homer::DOCS, fields: Homer::FIELDS },
    Section { name: "graphite", kind: SectionKind::Table, docs: Graphite::DOCS, fields: Graphite::FIELDS },
    Section { name: "recording", kind: SectionKind::Table, docs: Recording::DOCS, fields: Recording::FIELDS },
    Section { name: "log", kind: SectionKind::Table, docs: Log::DOCS, fields: Log::FIELDS },
    Section { name: "process", kind: SectionKind::Table, docs: Process::DOCS, fields: Process::FIELDS },
    Section {
        name: "templates",
        kind: SectionKind::Free,
        docs: &[
            " Named sets of ng flags. A request that says `template=NAME` is read as if it carried the text.",
        ],
        fields: &[],
    },
];

/// The section of this name.
#[must_use]
pub fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// Defines a section: fields with doc comment, type, default, and an example where the default shows nothing.
macro_rules! define_section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $kind:ty = $default:expr $(, $example:literal)?; )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $kind, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            /// The doc comment of the section.
            pub const DOCS: &'static [&'static str] = &[$($about),+];
            /// The keys with their doc comments.
            pub const FIELDS: &'static [$crate::config::raw::Field] = &[$(
                $crate::config::raw::Field::new(
                    stringify!($field),
                    &[$($doc),+],
                    $crate::config::raw::schema::example!($($example)?),
                ),
            )*];
        }
    };
}

/// `Some(text)` or None, for an optional macro argument.
macro_rules! example {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

pub(super) use {define_section, example};
