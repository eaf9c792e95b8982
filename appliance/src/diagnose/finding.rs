//! What was found, for people and for scripts.

use super::Code;
use serde_json::json;
use std::fmt::{self, Write};

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not looked at, because it does not matter here or cannot be known.
    Skip,
    /// Good.
    Ok,
    /// The daemon runs, but not as well as it could.
    Warn,
    /// The daemon does not do what the configuration asks for.
    Fail,
}

impl State {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            State::Skip => "skip",
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub code: Code,
    /// Of which NIC, interface or address; empty for the host.
    pub about: String,
    /// How good it is.
    pub state: State,
    /// What was found, in one line.
    pub what: String,
    /// What to do about it, in one line; there whenever the state is `warn` or `fail`.
    pub fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(code: Code, what: impl Into<String>) -> Finding {
        Finding { code, about: String::new(), state: State::Ok, what: what.into(), fix: None }
    }

    pub(super) fn skip(code: Code, what: impl Into<String>) -> Finding {
        Finding { state: State::Skip, ..Finding::ok(code, what) }
    }

    pub(super) fn bad(code: Code, state: State, what: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { state, fix: Some(fix.into()), ..Finding::ok(code, what) }
    }

    pub(super) fn about(mut self, about: impl Into<String>) -> Finding {
        self.about = about.into();
        self
    }
}

/// All that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of [`Code::ALL`].
    pub findings: Vec<Finding>,
}

impl Report {
    /// Exit status: 0 unless something fails.
    #[must_use]
    pub fn status(&self) -> u8 {
        u8::from(self.count(State::Fail) > 0)
    }

    fn count(&self, state: State) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }

    /// One JSON object: `findings` (each with `code`, `about`, `state`, `what`, `fix`) and `summary` (how many of each
    /// state).
    #[must_use]
    pub fn json(&self) -> String {
        let findings: Vec<_> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "code": finding.code.name(),
                    "about": finding.about,
                    "state": finding.state.name(),
                    "what": finding.what,
                    "fix": finding.fix,
                })
            })
            .collect();
        let summary: serde_json::Map<String, serde_json::Value> =
            [State::Ok, State::Warn, State::Fail, State::Skip]
                .into_iter()
                .map(|state| (state.name().to_owned(), self.count(state).into()))
                .collect();
        format!("{:#}\n", json!({ "findings": findings, "summary": summary }))
    }
}

/// Lines for people: what fails and warns with its fix.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // text from files of the host must not reach a terminal with control characters
        let clean = |text: &str| {
            text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>()
        };
        let width = |part: fn(&Finding) -> usize| self.findings.iter().map(part).max().unwrap_or(0);
        let (codes, abouts) = (width(|one| one.code.name().len()), width(|one| one.about.chars().count()));
        let mut out = String::new();
        for finding in &self.findings {
            let (state, code) = (finding.state.name(), finding.code.name());
            let about = clean(&finding.about);
            writeln!(out, "{state:4}  {code:codes$}  {about:abouts$}  {}", clean(&finding.what))?;
            if let Some(fix) = &finding.fix {
                writeln!(out, "{:1$}fix: {2}", "", 4 + 2 + codes + 2 + abouts + 2, clean(fix))?;
            }
        }
        writeln!(
            out,
            "result: {} failed, {} to improve, {} good, {} not looked at",
            self.count(State::Fail),
            self.count(State::Warn),
            self.count(State::Ok),
            self.count(State::Skip),
        )?;
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let fix = "ethtool -K eth0 lro off";
        let bad = Finding::bad(Code::ReceiveMerging, State::Warn, "LRO is on\u{1b}", fix).about("eth0");
        Report { findings: vec![Finding::ok(Code::BpfJit, "on"), bad] }
    }

    #[test]
    fn people_get_lines_and_scripts_get_json() {
        let expected = "ok    bpf-jit                on\n\
                        warn  receive-merging  eth0  LRO is on\u{fffd}\n                             \
                        fix: ethtool -K eth0 lro off\n\
                        result: 0 failed, 1 to improve, 1 good, 0 not looked at\n";
        assert_eq!(report().to_string(), expected);
        let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json["findings"][1]["code"], "receive-merging");
        assert_eq!(json["findings"][1]["about"], "eth0");
        assert_eq!(json["findings"][0]["fix"], serde_json::Value::Null);
        assert_eq!(json["summary"]["warn"], 1);
    }

    #[test]
    fn only_a_failure_is_a_failure() {
        let mut report = report();
        assert_eq!(report.status(), 0);
        report.findings[1].state = State::Fail;
        assert_eq!(report.status(), 1);
    }
}
