//! The log: upstream's numeric levels over `tracing`, to standard error or to the system log. Not for packet threads.

mod levels;
mod line;
mod sink;

pub use levels::Levels;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::error::Error;
use crate::config::checked;
use line::Line;
use sink::Sink;

/// A log that is set up.
#[derive(Debug)]
pub struct Started {
    /// Its levels.
    pub levels: Levels,
    /// Whether it goes to standard error.
    pub on_stderr: bool,
}

/// Sets the log up for the whole process. In the foreground, or if so configured, it goes to standard error. It does
/// so too where there is no system log, as in most containers, and then says so.
///
/// # Errors
/// When a log is set up already.
pub fn start(settings: &checked::Log, foreground: bool) -> Result<Started, Error> {
    let stderr = || (Sink::stderr(settings.timestamps), None);
    let (sink, missing) = match settings.stderr || foreground {
        true => stderr(),
        false => match Sink::system_log(settings.facility, &settings.name) {
            Ok(sink) => (sink, None),
            Err(wrong) => (stderr().0, Some(wrong)),
        },
    };
    let on_stderr = matches!(sink, Sink::Stderr { .. } | Sink::Journal);
    let levels = Levels::new(settings);
    let output = Output {
        levels: levels.clone(),
        sink,
        split_lines: settings.split_lines,
        max_line: settings.max_line.unwrap_or(usize::MAX),
    };
    tracing::subscriber::set_global_default(Registry::default().with(output)).map_err(|_| Error::LogTwice)?;
    if let Some(missing) = missing {
        tracing::warn!("{missing}; logging to standard error");
    }
    Ok(Started { levels, on_stderr })
}

/// The one layer: filters, formats and writes.
struct Output {
    levels: Levels,
    sink: Sink,
    split_lines: bool,
    max_line: usize,
}

impl<S: Subscriber> Layer<S> for Output {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // levels change while running, so no answer may be kept
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.levels.allows(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels.most_verbose())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let line = Line {
            level: *event.metadata().level(),
            subsystem: levels::subsystem(event.metadata().target()),
            call: fields.call.as_deref(),
            text: &fields.text,
        };
        for text in line.render(self.split_lines, self.max_line) {
            self.sink.write(*event.metadata().level(), &text);
        }
    }
}

/// The fields of an event: the message, then the rest as `name=value`; `call` is the call it is about.
#[derive(Default)]
struct Fields {
    text: String,
    call: Option<String>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: std::fmt::Arguments<'_>) {
        use std::fmt::Write;
        // writing to a String cannot fail
        let _ = match field.name() {
            "message" => {
                let rest = std::mem::take(&mut self.text);
                write!(self.text, "{value}{rest}")
            }
            "call" => {
                self.call = Some(value.to_string());
                Ok(())
            }
            name => write!(self.text, " {name}={value}"),
        };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}

#[cfg(test)]
mod tests;
