//! What the operator asked for: read as typed (TOML, the classic key file, the command line), checked once, and
//! handed to the daemon as [`checked::Config`]. Nothing below this room asks for a setting in any other way.

pub mod budget;
pub mod changes;
pub mod checked;
pub mod cli;
pub mod convert;
pub mod finding;
pub mod fuzz;
pub mod host;
mod layers;
pub mod legacy;
pub mod lint;
pub mod load;
mod nearest;
pub mod options;
pub mod raw;
pub mod reference;
pub mod render;
mod toml_file;

pub use layers::Given;
