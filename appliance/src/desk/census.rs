//! How many flows and calls there are of each kind. With very many calls they are counted some at a time between messages,
//! and who asks is told of the last count that is complete.

use super::Desk;
use crate::placement::Paths;
use call::{Call, CallNumber};
use flow::{Micros, Moment, Path, PathReason};
use std::cell::Cell;

/// Up to so many calls are counted when somebody asks.
const FEW: usize = 1000;
/// Calls that are counted between two messages of clients.
const AT_ONCE: usize = 128;
/// Who has asked asks again, for so long: then there is a new count every second, ...
const ASKING: Micros = Micros::from_secs(15);
/// ... else this often.
const SELDOM: Micros = Micros::from_secs(10);

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Media, counted once for each party, of calls whose media is all with the sockets, all with the kernel module, all on
    /// fast paths with AF_XDP among them, or partly with the sockets. RTCP, which is nearly always with the sockets, does not
    /// count.
    pub media: [u64; 4],
    /// Flows on each path with that reason, the most first.
    pub flows: Vec<((Path, PathReason), u64)>,
    /// Calls with ports of IPv4 only, of IPv6 only, of both.
    pub families: [u64; 3],
}

impl Census {
    /// Flows on a path, whatever the reason.
    pub fn on(&self, path: Path) -> u64 {
        self.flows.iter().filter(|((of, _), _)| *of == path).map(|(_, count)| count).sum()
    }

    fn add(&mut self, call: &Call, paths: &Paths) {
        let (mut all, mut slow, mut other) = (0, 0, false);
        for (key, is_media) in call.open_flows() {
            let standing = paths.known(key);
            if let Some(standing) = standing {
                match self.flows.iter_mut().find(|(known, _)| *known == standing) {
                    Some((_, count)) => *count += 1,
                    None => self.flows.push((standing, 1)),
                }
            }
            if is_media {
                let path = standing.map_or(Path::Userspace, |(path, _)| path);
                all += 1;
                slow += u64::from(path == Path::Userspace);
                other |= path != Path::Kernel;
            }
        }
        let kind = match (slow, other) {
            (slow, _) if slow == all => 0,
            (0, false) => 1,
            (0, true) => 2,
            _ => 3,
        };
        self.media[kind] += all;
        self.families[match call.families() {
            (true, true) => 2,
            (false, true) => 1,
            _ => 0,
        }] += 1;
    }

    fn close(&mut self) {
        // Flows stand in no order; a page that is drawn again must not jump.
        self.flows
            .sort_by_key(|((path, reason), count)| (std::cmp::Reverse(*count), path.code(), reason.code()));
    }
}

/// The last count, and the one that is under way.
#[derive(Debug, Default)]
pub(super) struct Counted {
    last: Option<(Moment, Census)>,
    next: Option<(CallNumber, Census)>,
    asked: Cell<Option<Moment>>,
}

impl Desk {
    /// How many flows and calls there are of each kind. With more than a thousand calls it is how many there were up to some
    /// seconds ago.
    pub fn census(&self) -> Census {
        self.counted.asked.set(Some(self.clock.latest()));
        match &self.counted.last {
            Some((_, census)) if self.book.len() > FEW => census.clone(),
            _ => {
                let mut census = Census::default();
                self.book.iter().for_each(|call| census.add(call, &self.paths));
                census.close();
                census
            }
        }
    }

    /// Begins to count again, if it is time to.
    pub(super) fn count_again(&mut self) {
        let (now, counted) = (self.clock.latest(), &mut self.counted);
        if self.book.len() <= FEW {
            (counted.last, counted.next) = (None, None);
            return;
        }
        let asking = counted.asked.get().is_some_and(|at| now.since(at) < ASKING);
        let recent = counted.last.as_ref().is_some_and(|(at, _)| now.since(*at) < SELDOM);
        if counted.next.is_none() && (asking || !recent) {
            counted.next = Some((CallNumber(0), Census::default()));
        }
    }

    /// Counts some calls. True while there are more.
    pub(super) fn count_some(&mut self) -> bool {
        let Some((from, census)) = &mut self.counted.next else { return false };
        let mut counted = 0;
        for call in self.book.from(*from).take(AT_ONCE) {
            census.add(call, &self.paths);
            *from = CallNumber(call.number().0 + 1);
            counted += 1;
        }
        if counted == AT_ONCE {
            return true;
        }
        if let Some((_, mut census)) = self.counted.next.take() {
            census.close();
            self.counted.last = Some((self.clock.latest(), census));
        }
        false
    }
}
