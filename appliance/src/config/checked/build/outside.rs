//! Who looks at the daemon from outside.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Builder;
use crate::config::checked::{Graphite, Homer, Http, Tls};
use crate::config::raw;

/// Stands for "never closed", in seconds.
const A_YEAR: u64 = 365 * 24 * 3600;

impl Builder<'_> {
    pub(super) fn http(&mut self, raw: &raw::Http, wants_tls: bool) -> Http {
        let file = |text: &Option<String>| text.as_deref().filter(|path| !path.is_empty()).map(PathBuf::from);
        let tls = match (file(&raw.certificate), file(&raw.key)) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key, client_ca: file(&raw.client_ca) }),
            (certificate, key) => {
                if wants_tls || certificate.is_some() || key.is_some() {
                    self.wrong(
                        "http.certificate",
                        "HTTPS takes a certificate and its key",
                        "set both http.certificate and http.key to PEM files",
                    );
                }
                None
            }
        };
        if !wants_tls && (tls.is_some() || file(&raw.client_ca).is_some()) {
            self.warn(
                "http.certificate",
                "certificates are for HTTPS, and there is no address for it",
                "set control.listen-https",
            );
        }
        let idle = match u64::from(raw.idle_timeout) {
            0 => A_YEAR,
            seconds => seconds,
        };
        Http {
            tls: tls.filter(|_| wants_tls),
            tokens: file(&raw.token_file),
            idle: Duration::from_secs(idle),
            connections: usize::try_from(raw.connections).unwrap_or(usize::MAX).clamp(1, 1 << 20),
        }
    }

    pub(super) fn homer(&mut self, raw: &raw::Homer) -> Option<Homer> {
        let tcp = match raw.protocol.to_ascii_lowercase().as_str() {
            "udp" => false,
            "tcp" => true,
            other => {
                self.wrong_word("homer.protocol", "a transport to the collector", other, &["udp", "tcp"]);
                return None;
            }
        };
        let address = self.collector("homer.address", raw.address.as_deref())?;
        let ng = raw.ng.then_some(raw.ng_protocol);
        Some(Homer { address, tcp, capture_id: raw.capture_id, rtcp: raw.rtcp, ng })
    }

    pub(super) fn graphite(&mut self, raw: &raw::Graphite) -> Option<Graphite> {
        let address = self.collector("graphite.address", raw.address.as_deref())?;
        for (key, value) in [("graphite.interval", raw.interval), ("graphite.timeout", raw.timeout)] {
            if value == 0 {
                self.wrong(key, "0 seconds are too few", "1 or more");
                return None;
            }
        }
        if raw.prefix.chars().any(|c| c.is_whitespace() || c.is_control()) {
            self.wrong(
                "graphite.prefix",
                "a name cannot have spaces in it",
                "letters, digits, dots and dashes",
            );
            return None;
        }
        Some(Graphite {
            address,
            interval: Duration::from_secs(raw.interval.into()),
            prefix: raw.prefix.clone(),
            timeout: Duration::from_secs(raw.timeout.into()),
        })
    }

    /// Where something is sent to: one address, and not that of everybody.
    fn collector(&mut self, key: &'static str, text: Option<&str>) -> Option<SocketAddr> {
        let text = text.filter(|text| !text.is_empty())?;
        let message = match self.listener(text).as_deref() {
            Ok([one]) if !one.ip().is_unspecified() => return Some(*one),
            Ok(_) => format!("`{text}` names no host"),
            Err(message) => message.clone(),
        };
        self.wrong(key, message, "write ADDRESS:PORT or NAME:PORT");
        None
    }
}
