//! Recording of calls.
//!
//! A recorded call goes on as before. Its flows carry a mark; the engines of its packet thread copy its packets to a reel:
//! what arrives after it was opened, what leaves before it is sealed. Full reels go to the thread `record`, which alone
//! touches files; empty ones come back. Nobody waits for that thread: what finds no reel is counted, for the recording that
//! misses it. Finished files are moved from the spool to where they belong, and the thread `upload` puts them into a bucket
//! if there is one.

mod calendar;
mod count;
mod facts;
mod job;
mod name;
mod pcap;
mod place;
mod recorder;
mod recordings;
mod settings;
mod sink;
mod spool;
mod target;
mod uploader;

pub use count::{Count, Sums, Totals};
pub use name::{PatternError, check as check_pattern};
pub use pcap::{Link, PcapWriter};
pub use place::Wish;
pub use recordings::{Recording, Recordings, Standing, StartError};
pub use target::TargetError;
