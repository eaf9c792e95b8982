use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What became of the packets of one recording, shared between the thread that writes and who asks.
#[derive(Debug, Default)]
pub struct Count {
    written: AtomicU64,
    lost: AtomicU64,
    unwritten: AtomicU64,
    /// The last write failed.
    broken: AtomicBool,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Packets in the file.
    pub written: u64,
    /// Packets that the packet threads had no room for: the thread that writes did not keep up.
    pub lost: u64,
    /// Packets that the disk did not take.
    pub unwritten: u64,
}

impl Count {
    /// All counts.
    pub fn sums(&self) -> Sums {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Sums { written: of(&self.written), lost: of(&self.lost), unwritten: of(&self.unwritten) }
    }

    /// True while the disk takes nothing.
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    pub(super) fn add_written(&self, packets: u64) {
        self.written.fetch_add(packets, Ordering::Relaxed);
        self.broken.store(false, Ordering::Relaxed);
    }

    pub(super) fn add_lost(&self, packets: u64) {
        self.lost.fetch_add(packets, Ordering::Relaxed);
    }

    pub(super) fn add_unwritten(&self, packets: u64) {
        self.unwritten.fetch_add(packets, Ordering::Relaxed);
        self.broken.store(true, Ordering::Relaxed);
    }
}

/// What all recordings have come to since the start.
#[derive(Debug, Default)]
pub struct Totals {
    /// Packets of all recordings.
    pub packets: Count,
    /// Bytes of files that were finished.
    pub bytes: AtomicU64,
    /// Recordings that were finished.
    pub finished: AtomicU64,
    /// Recordings whose files could not be put where they belong.
    pub stranded: AtomicU64,
    /// Files that the target has taken.
    pub uploaded: AtomicU64,
    /// Attempts that it has not.
    pub refused: AtomicU64,
    /// Recordings that wait for it.
    pub waiting: AtomicU64,
}
