//! Which NICs take frames from the XDP program.
//!
//! The program sends through a NIC only if that NIC's driver takes bare frames now. Where it does not, the kernel drops
//! every packet and tells nobody: the program has already said "redirect". So the question is put before a flow is
//! installed, and [`Features`] tells when the answer has become another. A veth, for example, is able only as long as
//! somebody polls its peer (receive offload is on there, or a program is).

mod driver;
mod features;
mod message;
mod xdp;

pub(crate) use driver::turns_frames;
pub use features::Features;
pub use xdp::{Source, Xdp};
