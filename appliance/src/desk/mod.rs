//! The desk: the one thread that owns all calls. It answers the control protocols, tells the packet workers what
//! to do, hears what they report, and ends what is over.

mod cdr;
mod census;
mod clock;
#[expect(clippy::module_inception, reason = "the room is named for its main type, and so is the file")]
mod desk;
mod endings;
mod fast_paths;
mod hearing;
mod media;
mod open;
mod opinions;
mod pierce;
mod quality;
mod reload;
mod reporting;
mod run;
mod secrets;
mod slack;
mod strain;
mod sweep;
mod tally;

pub use census::Census;
pub use clock::Clock;
pub use desk::{Desk, Rates, Snapshots};
pub use endings::{Asker, Counting, Ending, Endings};
pub use fast_paths::{FastPaths, Nics};
pub use open::OpenError;
pub use opinions::{History, Opinion};
pub use quality::{Arrival, Average, Averages, Quality, Reported};
pub use reload::{Reload, Reloaded};
pub use run::{RunError, run};
pub use secrets::Secrets;
pub use strain::Strain;
pub use sweep::Worked;
pub use tally::{ControlTally, ProxyTally, Spell, Tally};
