//! What the operator asked for: read as typed (TOML, the classic key file, the command line), checked once, and
//! handed to the daemon as [`checked::Config`]. Nothing below this room asks for a setting in any other way.

pub mod checked;
