//! All keys of the configuration and all classic options as a page of Markdown.

use std::fmt::Write;

use super::options::{self, Availability, Carry, Kind, Opt};
use super::raw::{Config, Field, Interface, SECTIONS, Section, SectionKind};

const HEAD: &str = "\
# Configuration reference

Every key of `/etc/rtpengine/rtpengine.toml`, and every option of the classic command line and of `rtpengine.conf`, which
work as well. Generated from the program: `rtpengine config reference` prints this page, `rtpengine config default` the
same as a file to edit, `rtpengine check` says what is wrong with a file, and `rtpengine convert FILE` turns a classic file
into TOML ([how to migrate](migrate.md)). Keys that a running daemon takes on reload are listed in
[packages and service](packages.md#reload).

A value in brackets is an example, for keys that have none by default.
";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut out = HEAD.to_owned();
    for section in SECTIONS {
        keys(&mut out, section);
    }
    classic(&mut out);
    out
}

// Writing to a String cannot fail, here and below.
fn keys(out: &mut String, section: &Section) {
    let heading = match section.kind {
        SectionKind::Repeated => format!("[[{}]]", section.name),
        SectionKind::Table | SectionKind::Free => format!("[{}]", section.name),
    };
    let _ = writeln!(out, "\n## `{heading}`\n\n{}", prose(section.docs));
    if section.fields.is_empty() {
        return;
    }
    out.push_str("\n| key | default | meaning | classic |\n|---|---|---|---|\n");
    let defaults = defaults(section);
    for field in section.fields {
        let key = field.key();
        let value = match (field.example, defaults.get(&key)) {
            (_, Some(value)) if !is_empty(value) => format!("`{value}`"),
            (Some(example), _) => format!("(`{example}`)"),
            (None, Some(value)) => format!("`{value}`"),
            (None, None) => String::new(),
        };
        let from: Vec<String> = options::all()
            .filter(|option| sets(option, section, &key))
            .map(|option| format!("`--{}`", option.name))
            .collect();
        let (meaning, from) = (meaning(field), from.join(" "));
        let _ = writeln!(out, "| `{key}` | {} | {meaning} | {from} |", value.replace('|', "\\|"));
    }
}

fn is_empty(value: &toml::Value) -> bool {
    match value {
        toml::Value::Array(items) => items.is_empty(),
        toml::Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn sets(option: &Opt, section: &Section, key: &str) -> bool {
    let Some((of, rest)) = option.carry.path().and_then(|path| path.split_once('.')) else { return false };
    of == section.name && rest.split('.').next() == Some(key)
}

fn defaults(section: &Section) -> toml::Table {
    // The raw configuration has only text keys and TOML values.
    let whole = match section.kind {
        SectionKind::Repeated => {
            return toml::Table::try_from(Interface { name: String::new(), ..Interface::default() })
                .unwrap_or_default();
        }
        SectionKind::Table | SectionKind::Free => toml::Table::try_from(Config::default()),
    };
    let of = whole.unwrap_or_default().remove(section.name);
    of.and_then(|value| value.as_table().cloned()).unwrap_or_default()
}

fn meaning(field: &Field) -> String {
    prose(field.docs).replace('|', "\\|")
}

fn prose(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// The options by topic, with what became of each.
fn classic(out: &mut String) {
    out.push_str("\n## Classic options\n");
    for group in options::GROUPS {
        let _ = writeln!(
            out,
            "\n### {}\n\n| option | value | what it is | here |\n|---|---|---|---|",
            group.title
        );
        for option in group.options {
            let short = option.short.map_or_else(String::new, |letter| format!(", `-{letter}`"));
            let (value, help) = (value(option.kind), option.help.replace('|', "\\|"));
            let _ = writeln!(out, "| `--{}`{short} | {value} | {help} | {} |", option.name, here(option));
        }
    }
}

fn value(kind: Kind) -> String {
    match kind {
        Kind::Flag => "on or off".to_owned(),
        Kind::Int(low, high) if high >= i64::from(u32::MAX) => format!("number from {low}"),
        Kind::Int(low, high) => format!("{low} to {high}"),
        Kind::Float => "decimal".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => words.join(", "),
        Kind::Texts => "texts".to_owned(),
        Kind::Ints => "numbers".to_owned(),
        Kind::Action => String::new(),
    }
}

fn here(option: &Opt) -> String {
    match (option.available, option.carry) {
        (Availability::Later(feature), _) => format!("**not available**: {feature}"),
        (Availability::Moot(why), _) => format!("no effect: {why}"),
        (Availability::Works, Carry::PortLow | Carry::PortHigh) => "`media.ports`".to_owned(),
        (Availability::Works, Carry::Interface | Carry::InterfaceSections) => "`[[interface]]`".to_owned(),
        (Availability::Works, Carry::TemplateSection) => "`[templates]`".to_owned(),
        (Availability::Works, Carry::Negated(path)) => format!("`{path}`, turned round"),
        (Availability::Works, Carry::To(path) | Carry::Unless(_, path)) => format!("`{path}`"),
        (Availability::Works, Carry::Start | Carry::Nowhere) => "command line only".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_every_option_has_a_row() {
        let page = page();
        for section in SECTIONS {
            for field in section.fields {
                assert!(
                    page.contains(&format!("\n| `{}` | ", field.key())),
                    "{}.{}",
                    section.name,
                    field.key()
                );
            }
        }
        for option in options::all() {
            assert!(page.contains(&format!("\n| `--{}`", option.name)), "{}", option.name);
        }
        for row in [
            "| `listen-ng` | (`[\"127.0.0.1:2223\"]`) | ng messages over UDP, as Kamailio and OpenSIPS send them. | `--listen-ng` |",
            "| `timeout` | `3` | Seconds that a connection, or a server that does not read, may take. | `--graphite-timeout` |",
            "| `--mqtt-host` | text | MQTT broker | **not available**: sending figures over MQTT |",
        ] {
            assert!(page.contains(row), "{row} is not in\n{page}");
        }
    }

    #[test]
    fn the_page_in_the_manual_is_this_one() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let stands = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            stands == page(),
            "appliance/docs/configuration.md is stale: rtpengine config reference > appliance/docs/configuration.md"
        );
    }
}
