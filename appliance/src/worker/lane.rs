use super::ask::{Answer, Ask};
use super::fast::{FastOrder, Slip};
use super::mailbox::{Mailbox, Order};
use super::pool::{PATIENCE, PoolError};
use flow::{FlowKey, Snapshot, Traffic};
use mio::Waker;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A sign of life that was asked for.
#[derive(Debug)]
pub struct Beat(Arc<Ask>);

impl Beat {
    /// True once it has come.
    pub fn heard(&self) -> bool {
        self.0.answered()
    }
}

/// The way to the AF_XDP side of one packet thread.
#[derive(Clone, Debug)]
pub struct Lane {
    worker: usize,
    mailbox: Arc<Mailbox>,
    desk: Arc<Waker>,
}

impl Lane {
    pub(super) fn new(worker: usize, mailbox: Arc<Mailbox>, desk: Arc<Waker>) -> Lane {
        Lane { worker, mailbox, desk }
    }

    /// Tells it something; all at once, in this order.
    ///
    /// # Errors
    /// [`PoolError`]; nothing was done then.
    pub fn tell(&self, orders: Vec<FastOrder>) -> Result<(), PoolError> {
        if orders.is_empty() {
            return Ok(());
        }
        let orders = Order::Many(orders.into_iter().map(Order::Fast).collect());
        let sent = self.mailbox.send(orders, Instant::now() + PATIENCE);
        sent.map_err(|refused| PoolError::of(refused, self.worker))
    }

    /// Copies of those of `keys` that it has. Who has the answer can rely on all that was told before it.
    ///
    /// # Errors
    /// [`PoolError`]; waits up to `patience`.
    pub fn ask(&self, keys: &[FlowKey], patience: Duration) -> Result<Vec<Snapshot>, PoolError> {
        Ok(self.question(Ask::of_flows(keys.to_vec()), patience)?.snapshots)
    }

    /// What it has received from NIC queues since it was started, of all flows.
    ///
    /// # Errors
    /// [`PoolError`]; waits up to `patience`.
    pub fn received(&self, patience: Duration) -> Result<Traffic, PoolError> {
        Ok(self.question(Ask::of_sums(), patience)?.totals.received)
    }

    fn question(&self, ask: Ask, patience: Duration) -> Result<Answer, PoolError> {
        let ask = Arc::new(ask);
        self.tell(vec![FastOrder::Answer(Arc::clone(&ask))])?;
        ask.wait(Instant::now() + patience).ok_or(PoolError::Silent(self.worker))
    }

    /// Asks for a sign of life, without waiting for it; `None` when not even that is possible.
    pub fn beat(&self) -> Option<Beat> {
        let ask = Arc::new(Ask::of_flows(Vec::new()));
        let order = Order::Fast(FastOrder::Answer(Arc::clone(&ask)));
        // At once or not at all: a full mailbox is no sign of life either.
        self.mailbox.send(order, Instant::now()).ok()?;
        Some(Beat(ask))
    }

    /// An empty slip, for [`FastOrder::Retire`].
    pub fn slip(&self) -> Arc<Slip> {
        Arc::new(Slip::new(Arc::clone(&self.desk)))
    }
}
