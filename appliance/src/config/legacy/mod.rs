//! The classic configuration: GLib key files, sections that refer to each other, and the short form of interfaces.

mod interface;
mod keyfile;
mod sections;

pub use interface::{InterfaceSpec, interface_spec};
pub use keyfile::{Entry, Group, KeyFile, KeyFileError, list, text};
pub(super) use sections::{apply_sections, options_of};

#[cfg(test)]
mod tests;
