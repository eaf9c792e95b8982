use super::Appliance;
use crate::placement::Finding;
use crate::placement::{FastPath, Leaving};
use flow::Generation;
use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often neighbours that have not answered are asked again.
const ASK_AGAIN: Duration = Duration::from_millis(900);

impl Appliance {
    /// Hears of routes, neighbours and links; flows follow their next hop, or come back to the sockets.
    pub(super) fn look_at_hops(&mut self) -> Vec<Finding> {
        let changed: HashSet<(IpAddr, IpAddr)> = match self.driver.table_mut().hops_mut().process() {
            Ok(changed) => changed.into_iter().collect(),
            Err(error) => {
                tracing::error!(%error, "routes and neighbours are not known any more");
                HashSet::new()
            }
        };
        if self.asked.elapsed() >= ASK_AGAIN {
            self.asked = Instant::now();
            self.driver.table_mut().hops_mut().retry();
        }
        if changed.is_empty() {
            return Vec::new();
        }
        let concerns = |local: IpAddr, remote: IpAddr| changed.contains(&(local, remote));
        let mut findings = Vec::new();
        for lost in self.driver.table_mut().refresh(concerns) {
            let (key, reason) = (lost.snapshot.key, lost.why);
            let counted = self.driver.given_up(lost.snapshot);
            findings.push(Finding::Lost { key, reason, leaving: Leaving { counted, unfinished: false } });
        }
        for (key, reason) in self.workers.refresh(concerns, self.driver.table_mut()) {
            let leaving = self.withdraw(key, Generation(u64::MAX));
            findings.push(Finding::Lost { key, reason, leaving });
        }
        findings.push(Finding::TryAgain);
        findings
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        self.workers.close(self.driver.table());
    }
}
