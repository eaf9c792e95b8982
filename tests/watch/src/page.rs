//! A page of metrics taken apart.

use std::collections::{BTreeMap, BTreeSet};

/// What a page says of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metric {
    /// `counter` or `gauge`.
    pub kind: String,
    /// Its labels.
    pub labels: BTreeSet<String>,
    /// What it is.
    pub help: String,
}

/// Metrics by name, and all samples as they are written.
#[derive(Debug, Default)]
pub struct Page {
    /// Names without samples too.
    pub metrics: BTreeMap<String, Metric>,
    /// Name with labels, and value.
    pub samples: BTreeMap<String, f64>,
}

impl Page {
    /// Takes a page apart.
    ///
    /// # Panics
    /// When it is not what Prometheus takes.
    pub fn parse(text: &str) -> Page {
        let mut page = Page::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect("a name and a help");
                let metric = Metric { help: help.to_owned(), ..Metric::default() };
                assert!(page.metrics.insert(name.to_owned(), metric).is_none(), "{name} is announced twice");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a name and a kind");
                page.metrics.get_mut(name).expect("the help comes first").kind = kind.to_owned();
            } else {
                let (sample, value) = line.rsplit_once(' ').expect("a sample");
                page.samples.insert(sample.to_owned(), value.parse().expect("a number"));
                let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
                let metric = page.metrics.get_mut(name).expect("samples come last");
                for label in labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty()) {
                    metric.labels.insert(label.split('=').next().unwrap_or_default().to_owned());
                }
            }
        }
        page
    }

    /// The rows of a table in Markdown, as the page on metrics has it.
    pub fn table(&self) -> String {
        let row = |(name, metric): (&String, &Metric)| {
            let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            format!("| `{name}` | {} | {} | {} |\n", metric.kind, labels.join(" "), metric.help)
        };
        self.metrics.iter().map(row).collect()
    }
}
