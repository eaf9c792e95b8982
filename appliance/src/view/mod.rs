//! The tree of `/proc/rtpengine` for flows that the kernel module does not forward, mounted where the configuration says
//! (`control.proc-view`).
//!
//! A thread of the mount asks, the desk answers: [`open`] mounts and gives the desk its side, [`Asked`].

mod asked;
mod flows;
mod window;

pub use asked::{Asked, open};
pub use flows::shown;
pub use window::Question;

#[cfg(test)]
mod tests;
