use super::Appliance;
use crate::placement::Finding;
use crate::placement::{FastPath, Leaving};
use afxdp::steer::Lost;
use flow::{Generation, PathReason};
use std::collections::HashSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often neighbours that have not answered are asked again.
const ASK_AGAIN: Duration = Duration::from_millis(900);

impl Appliance {
    /// Hears of NICs that take frames of the program now, or do not any more.
    pub(super) fn look_at_nics(&mut self) -> Vec<Finding> {
        let changed = self.features.process().unwrap_or_else(|error| {
            tracing::error!(%error, "what NICs can do is not known any more");
            Vec::new()
        });
        let mut findings = Vec::new();
        for ifindex in changed {
            let able = self.features.of(ifindex).is_ok_and(|xdp| self.program.sends_through(ifindex, xdp));
            for lost in self.driver.table_mut().set_port_able(ifindex, able) {
                findings.push(self.lost(lost));
            }
            findings.push(Finding::TryAgain);
        }
        findings
    }

    fn lost(&mut self, lost: Lost) -> Finding {
        let (key, reason) = (lost.snapshot.key, lost.why);
        let counted = self.driver.given_up(lost.snapshot);
        Finding::Lost { key, reason, leaving: Leaving { counted, unfinished: false } }
    }

    /// Hears of routes, neighbours and links; flows follow their next hop, or come back to the sockets.
    pub(super) fn look_at_hops(&mut self) -> Vec<Finding> {
        let changed: HashSet<(IpAddr, IpAddr)> = match self.driver.table_mut().hops_mut().process() {
            Ok(changed) => changed.into_iter().collect(),
            Err(error) => {
                tracing::error!(%error, "routes and neighbours are not known any more");
                HashSet::new()
            }
        };
        let mut findings = Vec::new();
        if self.asked.elapsed() >= ASK_AGAIN {
            self.asked = Instant::now();
            self.driver.table_mut().hops_mut().retry();
            for key in self.workers.endangered() {
                let leaving = self.withdraw(key, Generation(u64::MAX));
                findings.push(Finding::Lost { key, reason: PathReason::WorkerHangs, leaving });
            }
        }
        if changed.is_empty() {
            return findings;
        }
        let concerns = |local: IpAddr, remote: IpAddr| changed.contains(&(local, remote));
        for lost in self.driver.table_mut().refresh(concerns) {
            findings.push(self.lost(lost));
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
