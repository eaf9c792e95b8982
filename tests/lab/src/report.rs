//! What arrived of a stream.

use crate::{Histogram, Stream, now_ns};
use std::net::SocketAddr;
use std::time::Duration;

/// What a receiver saw of one expected stream.
#[derive(Debug, Clone)]
pub struct Report {
    /// Packets the stream has.
    pub expected: u32,
    /// Different packets that arrived whole and unchanged.
    pub intact: u32,
    /// Packets that arrived again.
    pub duplicates: u32,
    /// Packets that arrived after a later one.
    pub reordered: u32,
    /// Packets that are not of the stream, or not byte for byte.
    pub damaged: u32,
    /// What was wrong with the first of those.
    pub first_damage: Option<String>,
    /// Where the last packet came from.
    pub source: Option<SocketAddr>,
    /// Packets that came from another address than the one before.
    pub source_changes: u32,
    /// Receive time minus send time.
    pub delay: Histogram,
    seen: Vec<bool>,
    highest: Option<u32>,
}

impl Report {
    /// Nothing has arrived of `stream` yet.
    pub fn new(stream: &Stream) -> Report {
        Report {
            expected: stream.count(),
            intact: 0,
            duplicates: 0,
            reordered: 0,
            damaged: 0,
            first_damage: None,
            source: None,
            source_changes: 0,
            delay: Histogram::default(),
            seen: vec![false; stream.count() as usize],
            highest: None,
        }
    }

    /// Takes in a packet just received.
    pub fn take(&mut self, stream: &Stream, bytes: &[u8], from: SocketAddr) {
        let now = now_ns();
        if self.source.replace(from).is_some_and(|before| before != from) {
            self.source_changes += 1;
        }
        let index = match stream.check(bytes) {
            Ok(index) => index,
            Err(what) => {
                self.damaged += 1;
                self.first_damage.get_or_insert(what);
                return;
            }
        };
        if std::mem::replace(&mut self.seen[index as usize], true) {
            self.duplicates += 1;
            return;
        }
        self.intact += 1;
        if self.highest.is_some_and(|highest| index < highest) {
            self.reordered += 1;
        } else {
            self.highest = Some(index);
        }
        if let Some(sent) = stream.sent_at(index) {
            self.delay.add(Duration::from_nanos(now.saturating_sub(sent)));
        }
    }

    /// Packets that did not arrive intact.
    pub fn lost(&self) -> u32 {
        self.expected - self.intact
    }

    /// Packets that later ones have overtaken and that have not come: the loss as far as it can be known before the
    /// end.
    pub fn overtaken(&self) -> u32 {
        self.highest.map_or(0, |highest| (highest + 1).saturating_sub(self.intact))
    }

    /// Everything is there.
    pub fn complete(&self) -> bool {
        self.intact == self.expected
    }

    /// Everything is there, once, in order, from one source, and nothing else came.
    pub fn perfect(&self) -> bool {
        let flaws = [self.duplicates, self.reordered, self.damaged, self.source_changes];
        self.complete() && flaws == [0; 4]
    }

    /// The indices that are missing, at most `limit`.
    pub fn missing(&self, limit: usize) -> Vec<usize> {
        self.seen.iter().enumerate().filter(|(_, seen)| !**seen).map(|(index, _)| index).take(limit).collect()
    }

    /// Panics with the whole report unless it is perfect.
    #[track_caller]
    pub fn assert_perfect(&self) {
        assert!(self.perfect(), "{self}\nfirst missing packets: {:?}", self.missing(10));
    }

    /// Panics with the whole report unless everything is there once, in whatever order. For a stream that changes hands
    /// while it is sent faster than any medium: what a socket still holds then is overtaken.
    #[track_caller]
    pub fn assert_whole(&self) {
        let whole = self.complete() && [self.duplicates, self.damaged, self.source_changes] == [0; 3];
        assert!(whole, "{self}\nfirst missing packets: {:?}", self.missing(10));
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} of {} packets intact, {} lost, {} twice, {} out of order, {} damaged, {} source changes; {:?}",
            self.intact,
            self.expected,
            self.lost(),
            self.duplicates,
            self.reordered,
            self.damaged,
            self.source_changes,
            self.delay
        )?;
        match &self.first_damage {
            Some(what) => write!(f, "; first damage: {what}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(indices: &[u32]) -> Report {
        let stream = Stream::new(1, 4);
        let mut report = Report::new(&stream);
        for &index in indices {
            report.take(&stream, &stream.packet(index), ([127, 0, 0, 1], 5).into());
        }
        report
    }

    #[test]
    fn whole_is_in_any_order() {
        take(&[1, 0, 2, 3]).assert_whole();
        for flawed in [&[0, 1, 3][..], &[0, 1, 1, 2, 3]] {
            std::panic::catch_unwind(|| take(flawed).assert_whole()).expect_err("lost or twice");
        }
    }

    #[test]
    fn perfect_is_everything_once_in_order() {
        assert!(take(&[0, 1, 2, 3]).perfect());
        let lost = take(&[0, 3]);
        assert_eq!((lost.lost(), lost.overtaken(), lost.missing(9)), (2, 2, vec![1, 2]));
        assert_eq!((take(&[0]).lost(), take(&[0]).overtaken(), lost.perfect()), (3, 0, false));
        let twice = take(&[0, 1, 1, 2, 3]);
        assert_eq!((twice.duplicates, twice.complete(), twice.perfect()), (1, true, false));
        let swapped = take(&[1, 0, 2, 3]);
        assert_eq!((swapped.reordered, swapped.perfect()), (1, false));
    }

    #[test]
    fn strangers_and_new_sources_are_flaws() {
        let stream = Stream::new(1, 1);
        let mut report = Report::new(&stream);
        report.take(&stream, &stream.packet(0), ([127, 0, 0, 1], 5).into());
        report.take(&stream, b"hello", ([127, 0, 0, 1], 6).into());
        assert_eq!((report.damaged, report.source_changes, report.complete()), (1, 1, true));
        assert!(!report.perfect() && report.to_string().contains("not plain RTP"));
    }
}
