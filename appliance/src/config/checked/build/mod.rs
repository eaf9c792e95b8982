//! From the configuration as typed to the one that is used. All that is wrong is found in one go, each thing with
//! its place and what to do about it.

mod appliance;
mod dtls;
mod interfaces;
mod kernel;
mod listeners;
mod outside;
mod plain;
mod recording;

use crate::config::checked::Config;
use crate::config::finding::{Finding, Places, Severity};
use crate::config::host::Host;
use crate::config::raw;

pub use kernel::kernel_alone;

/// A checked configuration, and what the operator should know about it.
#[derive(Debug, Clone)]
pub struct Built {
    /// The configuration.
    pub config: Config,
    /// What it was made of.
    pub raw: raw::Config,
    /// Warnings; no errors.
    pub warnings: Vec<Finding>,
}

/// Collects findings while a configuration is built.
struct Builder<'a> {
    places: &'a Places,
    host: &'a Host,
    findings: Vec<Finding>,
}

impl Builder<'_> {
    fn wrong(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::error(self.places.find(path), message).hint(hint));
    }

    fn warn(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::warning(self.places.find(path), message).hint(hint));
    }
}

/// Checks `raw` against itself and against the host. `places` tells where each value was written.
///
/// # Errors
/// All findings, at least one of which is an error.
pub fn build(raw: &raw::Config, places: &Places, host: &Host) -> Result<Built, Vec<Finding>> {
    let mut builder = Builder { places, host, findings: Vec::new() };
    let control = builder.control(&raw.control);
    let http = builder.http(&raw.http, !raw.control.listen_https.is_empty());
    let homer = builder.homer(&raw.homer);
    let graphite = builder.graphite(&raw.graphite);
    let recording = builder.recording(&raw.recording);
    let media = builder.media(&raw.media);
    let limits = builder.limits(&raw.limits);
    let kernel = builder.kernel(&raw.kernel);
    let log = builder.log(&raw.log);
    let dtls = builder.dtls(&raw.dtls);
    let threads = builder.threads(&raw.threads);
    let interfaces = builder.interfaces(raw);
    let appliance = builder.appliance(&raw.appliance, interfaces.as_ref());
    let errors = builder.findings.iter().any(|finding| finding.severity == Severity::Error);
    let (Some(interfaces), Some(media), Some(log), Some(dtls), false) =
        (interfaces, media, log, dtls, errors)
    else {
        return Err(builder.findings);
    };
    let config = Config {
        interfaces,
        control,
        http,
        media,
        timeouts: plain::timeouts(&raw.timeouts),
        limits,
        dtls,
        threads,
        appliance,
        kernel,
        homer,
        graphite,
        recording,
        log,
        process: plain::process(&raw.process),
        templates: raw.templates.clone(),
    };
    Ok(Built { config, raw: raw.clone(), warnings: builder.findings })
}

#[cfg(test)]
mod tests;
