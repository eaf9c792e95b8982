use compat_procfs::view::{Refusal, Source, Table};
use mio::Waker;
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a reader waits for the desk.
const PATIENCE: Duration = Duration::from_secs(1);
/// Readers within this time after an answer get the same answer: whoever may read the files must not keep the desk busy.
const FRESH: Duration = Duration::from_millis(500);

/// A reader's question: which table, and where the answer goes.
#[derive(Debug)]
pub struct Question {
    table: u8,
    answer: SyncSender<Table>,
}

impl Question {
    /// Number of the table.
    pub fn table(&self) -> u8 {
        self.table
    }

    /// Answers the reader.
    pub fn answer(self, table: Table) {
        // Nobody waits any more when this fails.
        let _ = self.answer.try_send(table);
    }
}

/// The mount's side.
#[derive(Debug)]
pub(super) struct Window {
    /// Tables of the daemon: they are there as long as it is.
    own: BTreeSet<u32>,
    /// Tables that somebody has made with `add N`; empty.
    made: Mutex<BTreeSet<u32>>,
    questions: SyncSender<Question>,
    desk: Arc<Waker>,
    last: Mutex<Option<(u32, Instant, Table)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Window {
    /// A window onto `own` tables; the other end is for the desk, which is woken by `desk`.
    pub(super) fn new(own: BTreeSet<u32>, desk: Arc<Waker>) -> (Window, Receiver<Question>) {
        let (questions, asked) = sync_channel(4);
        let window =
            Window { own, made: Mutex::new(BTreeSet::new()), questions, desk, last: Mutex::new(None) };
        (window, asked)
    }

    fn ask(&self, id: u32) -> Option<Table> {
        let mut last = locked(&self.last);
        if let Some((table, at, said)) = &*last
            && *table == id
            && at.elapsed() < FRESH
        {
            return Some(said.clone());
        }
        let (answer, answered) = sync_channel(1);
        self.questions.try_send(Question { table: u8::try_from(id).ok()?, answer }).ok()?;
        self.desk.wake().ok()?;
        let said = answered.recv_timeout(PATIENCE).ok()?;
        *last = Some((id, Instant::now(), said.clone()));
        Some(said)
    }
}

impl Source for Window {
    fn tables(&self) -> Vec<u32> {
        self.own.union(&locked(&self.made)).copied().collect()
    }

    fn table(&self, id: u32) -> Option<Table> {
        if self.own.contains(&id) {
            return self.ask(id);
        }
        locked(&self.made).contains(&id).then(Table::default)
    }

    fn add(&self, id: u32) -> Result<(), Refusal> {
        if self.own.contains(&id) || !locked(&self.made).insert(id) { Err(Refusal::Exists) } else { Ok(()) }
    }

    fn del(&self, id: u32) -> Result<(), Refusal> {
        if self.own.contains(&id) {
            return Err(Refusal::Busy);
        }
        if locked(&self.made).remove(&id) { Ok(()) } else { Err(Refusal::Missing) }
    }
}
