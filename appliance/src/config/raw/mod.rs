//! The TOML configuration exactly as typed. The doc comments of the fields are the manual: `render` writes them
//! beside the defaults into `configs/default.toml`.

mod interface;
mod outside;
mod recording;
mod schema;
mod sections;

pub use interface::{Forward, Interface, Mode, Numbers, Share, Strings};
pub use outside::{Graphite, Homer, Http};
pub use recording::Recording;
pub use schema::{Field, SECTIONS, Section, SectionKind, section};
pub use sections::{
    Appliance, BusyPoll, Config, Control, Dtls, Idle, Kernel, Limits, Log, Media, Process, Sockets, Threads,
    Timeouts,
};
