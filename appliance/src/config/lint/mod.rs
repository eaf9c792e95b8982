//! `rtpengine check`: everything that can be known about a configuration without starting.

mod bind;

use std::fmt::{self, Write};

use super::budget::{BESIDES_MEDIA, Budget, budget, needed_descriptors};
use super::checked::{Config, Sockets};
use super::finding::{Finding, Place, Severity};
use super::host::Host;
use super::load::{Sources, load_checked};

/// What a check found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Errors and warnings, in the order of their discovery.
    pub findings: Vec<Finding>,
    /// Room for calls, if the configuration is good enough to tell.
    pub budget: Option<Budget>,
    /// Descriptors a process may have: the limit that the daemon can raise itself to.
    pub descriptor_limit: u64,
}

impl Report {
    /// 0: nothing to say. 1: it runs, with warnings. 2: it does not run.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self.findings.iter().map(|finding| finding.severity).max() {
            None => 0,
            Some(Severity::Warning) => 1,
            Some(Severity::Error) => 2,
        }
    }
}

/// Checks a configuration, its listeners and some of its media ports on this host; `further` knows about NICs.
#[must_use]
pub fn lint(
    sources: &Sources,
    host: &Host,
    descriptor_limit: u64,
    further: impl FnOnce(&Config) -> Vec<Finding>,
) -> Report {
    let built = match load_checked(sources, host) {
        Ok(built) => built,
        Err(findings) => return Report { findings, budget: None, descriptor_limit },
    };
    let mut findings = built.warnings;
    findings.extend(bind::test(&built.config, host));
    findings.extend(further(&built.config));
    let mut budget = budget(&built.config.interfaces);
    if built.config.media.sockets == Sockets::Shared {
        budget.descriptors = BESIDES_MEDIA;
    }
    findings.extend(too_few_descriptors(&built.config, descriptor_limit));
    Report { findings, budget: Some(budget), descriptor_limit }
}

/// Says so if the daemon will want more descriptors than there can be.
pub(crate) fn too_few_descriptors(config: &Config, limit: u64) -> Option<Finding> {
    let needed = needed_descriptors(config);
    (needed > limit && config.media.sockets == Sockets::PerPort).then(|| {
        Finding::warning(
            Place::Nowhere,
            format!("with all calls up the daemon needs {needed} file descriptors, but the limit is {limit}"),
        )
        .hint(format!(
            "set LimitNOFILE={needed} in the unit or `ulimit -n {needed}`, or make the port ranges smaller"
        ))
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        for finding in &self.findings {
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            writeln!(out, "{severity}: {finding}")?;
        }
        if let Some(budget) = &self.budget {
            for address in &budget.addresses {
                writeln!(
                    out,
                    "room: {} ({}): {} streams, that is {} audio calls, or {} with both sides here",
                    address.addr,
                    address.interfaces.join(", "),
                    address.streams,
                    address.streams,
                    address.calls_within(),
                )?;
            }
            writeln!(
                out,
                "room: {} file descriptors with every port open; the limit is {}",
                budget.descriptors, self.descriptor_limit
            )?;
        }
        let verdict = match self.status() {
            0 => "good",
            1 => "usable, with warnings",
            _ => "not usable",
        };
        writeln!(out, "result: {verdict}")?;
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests;
