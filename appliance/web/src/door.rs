use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a client waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// An ng message: cookie, blank, dictionary.
    Ng(Vec<u8>),
    /// An ng dictionary without cookie.
    Plain(Vec<u8>),
    /// A line of the text interface.
    Line(String),
    /// Metrics.
    Metrics,
}

/// A client's question.
#[derive(Debug)]
pub struct Question {
    what: What,
    remote: SocketAddr,
    local: SocketAddr,
    answer: oneshot::Sender<Option<Vec<u8>>>,
}

impl Question {
    /// What it is.
    pub fn what(&self) -> &What {
        &self.what
    }

    /// Who asks.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// The address of ours that was asked.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Answers it; `None` says that there was no sense in it.
    pub fn answer(self, answer: Option<Vec<u8>>) {
        // A client that has gone needs no answer.
        let _ = self.answer.send(answer);
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// Too many questions wait already.
    Busy,
    /// None came in time, or there is nobody any more.
    Silent,
    /// There was no sense in the question.
    Senseless,
}

/// Where questions are put through.
#[derive(Clone)]
pub(crate) struct Door {
    questions: SyncSender<Question>,
    call: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Door {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Door")
    }
}

impl Door {
    pub(crate) fn new(questions: SyncSender<Question>, call: Arc<dyn Fn() + Send + Sync>) -> Door {
        Door { questions, call }
    }

    pub(crate) async fn ask(
        &self,
        what: What,
        (remote, local): (SocketAddr, SocketAddr),
    ) -> Result<Vec<u8>, Unanswered> {
        let (answer, answered) = oneshot::channel();
        match self.questions.try_send(Question { what, remote, local, answer }) {
            Ok(()) => (self.call)(),
            Err(TrySendError::Full(_)) => return Err(Unanswered::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(Unanswered::Silent),
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => Err(Unanswered::Senseless),
            Ok(Err(_)) | Err(_) => Err(Unanswered::Silent),
        }
    }
}
