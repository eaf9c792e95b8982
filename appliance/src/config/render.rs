//! Writes a configuration as TOML, with the field docs as comments. Keys that have their default value are written
//! commented out, so that the file is a manual and still says only what differs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::raw::{self, Config, Interface, SECTIONS, Section, SectionKind, Strings};

/// The file that is shown as the documented default: every key with its default value, and the two things without
/// which nothing runs.
#[must_use]
pub fn default_file() -> String {
    let config = Config {
        interface: vec![Interface { address: Strings(vec!["any".to_owned()]), ..Interface::default() }],
        control: raw::Control {
            listen_ng: vec!["127.0.0.1:2223".to_owned()],
            listen_cli: vec!["127.0.0.1:2224".to_owned()],
            ..raw::Control::default()
        },
        ..Config::default()
    };
    let head = "# Configuration of rtpengine. Generated from the program; `rtpengine config default` prints it.\n\
                # A line that begins with # and a key shows the default, or, for a key that has none, an example.\n\n";
    format!("{head}{}", render(&config))
}

/// The configuration as a TOML file.
#[must_use]
pub fn render(config: &Config) -> String {
    let mut out = String::new();
    for section in SECTIONS {
        comment(&mut out, section.docs);
        match section.kind {
            SectionKind::Repeated => interfaces(&mut out, section, &config.interface),
            SectionKind::Free => {
                let map = if section.name == "aliases" { &config.aliases } else { &config.templates };
                free(&mut out, section, map);
            }
            SectionKind::Table => {
                let (values, defaults) = (whole(config), whole(&Config::default()));
                line(&mut out, format_args!("[{}]", section.name));
                keys(&mut out, section, table(&values, section.name), table(&defaults, section.name), true);
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn interfaces(out: &mut String, section: &Section, blocks: &[Interface]) {
    let defaults = whole(&Interface { name: String::new(), ..Interface::default() });
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        line(out, format_args!("[[{}]]", section.name));
        keys(out, section, Some(&whole(block)), Some(&defaults), index == 0);
    }
    if blocks.is_empty() {
        line(out, format_args!("#[[{}]]", section.name));
    }
}

fn free(out: &mut String, section: &Section, map: &BTreeMap<String, String>) {
    line(out, format_args!("[{}]", section.name));
    for (key, text) in map {
        let one: toml::Table = [(key.clone(), toml::Value::String(text.clone()))].into_iter().collect();
        out.push_str(&one.to_string());
    }
}

/// The keys of one section: those that differ from the default in force, and, if `documented`, the others as comments.
fn keys(
    out: &mut String,
    section: &Section,
    values: Option<&toml::Table>,
    defaults: Option<&toml::Table>,
    documented: bool,
) {
    for field in section.fields {
        let key = field.key();
        let value = values.and_then(|table| table.get(&key));
        let default = defaults.and_then(|table| table.get(&key));
        if documented {
            comment(out, field.docs);
        }
        match (value, default) {
            (Some(value), default) if Some(value) != default => line(out, format_args!("{key} = {value}")),
            _ if !documented => {}
            (_, default) => match (field.example, default) {
                (Some(example), _) => line(out, format_args!("#{key} = {example}")),
                (None, Some(default)) => line(out, format_args!("#{key} = {default}")),
                (None, None) => {}
            },
        }
    }
}

fn comment(out: &mut String, docs: &[&str]) {
    for doc in docs {
        line(out, format_args!("#{doc}"));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    let _ = writeln!(out, "{text}");
}

fn whole<T: Serialize>(value: &T) -> toml::Table {
    toml::Table::try_from(value).expect("the raw configuration has only text keys and TOML values")
}

fn table<'a>(values: &'a toml::Table, section: &str) -> Option<&'a toml::Table> {
    values.get(section).and_then(toml::Value::as_table)
}

#[cfg(test)]
mod tests;
