//! Reads a TOML configuration: every value with its place, every unknown key with a hint.

use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::finding::{Finding, Place, Places, position};
use super::layers::Layers;
use super::nearest::nearest;
use super::options::{self, Availability, Carry};
use super::raw::{self, SECTIONS, Section, SectionKind};

/// Whether a text without a telling name is TOML rather than a classic key file.
#[must_use]
pub(super) fn looks_like_toml(text: &str) -> bool {
    DeTable::parse(text).is_ok()
}

/// Reads the text of `file`. Findings end up in the layers; the table is complete only if none is an error.
pub(super) fn read_toml(file: &Path, text: &str) -> Layers {
    let mut layers = Layers { places: Places::new(Some(file)), ..Layers::default() };
    let reader = Reader { file, text };
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(wrong) => {
            layers.findings.push(reader.finding(&wrong));
            return layers;
        }
    };
    reader.walk_table(document.get_ref(), "", &mut layers.places);
    layers.findings.extend(reader.unknown_keys(document.get_ref()));
    if !layers.findings.is_empty() {
        return layers;
    }
    let typed = toml::de::Deserializer::parse(text).and_then(raw::Config::deserialize);
    match typed.and_then(|_| text.parse::<toml::Table>()) {
        Ok(table) => layers.table = table,
        Err(wrong) => layers.findings.push(reader.finding(&wrong)),
    }
    warn_of_absent_features(&mut layers);
    layers
}

/// The same warnings as for the options of the command line that set these paths.
fn warn_of_absent_features(layers: &mut Layers) {
    for option in options::all() {
        let (Availability::Later(feature), Some(path)) = (option.available, option.carry.path()) else {
            continue;
        };
        let Some(place) = layers.places.exact(path) else { continue };
        let (section, key) = path.split_once('.').unwrap_or((path, ""));
        let value = layers.table.get(section).and_then(|table| table.get(key));
        if matches!(option.carry, Carry::Negated(_)) && value == Some(&toml::Value::Boolean(true)) {
            continue;
        }
        layers.findings.push(Finding::warning(
            place.clone(),
            format!("`{path}` is not available in this build: {feature}"),
        ));
    }
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        let (line, column) = position(self.text, offset);
        Place::Position { file: self.file.to_owned(), line, column }
    }

    /// The toml crate's error as one of ours: one line, with a hint where there is a nearest word.
    fn finding(&self, wrong: &toml::de::Error) -> Finding {
        let place =
            wrong.span().map_or_else(|| Place::File(self.file.to_owned()), |span| self.place(span.start));
        let message = wrong.message().trim().replace('\n', ", ");
        let mut words = message.split('`').skip(1).step_by(2);
        let hint = match words.next() {
            Some(given) if message.starts_with("unknown variant") => {
                nearest(given, words).map(|known| format!("did you mean `{known}`?"))
            }
            _ => None,
        };
        let finding = Finding::error(place, message.clone());
        match hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }

    /// Notes where every value stands.
    fn walk_table(&self, table: &DeTable<'_>, above: &str, places: &mut Places) {
        for (key, value) in table {
            let key = key.get_ref();
            let path = if above.is_empty() { key.to_string() } else { format!("{above}.{key}") };
            self.walk_value(value, &path, places);
        }
    }

    fn walk_value(&self, value: &toml::Spanned<DeValue<'_>>, path: &str, places: &mut Places) {
        places.set(path, self.place(value.span().start));
        match value.get_ref() {
            DeValue::Table(table) => self.walk_table(table, path, places),
            DeValue::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.walk_value(value, &format!("{path}[{index}]"), places);
                }
            }
            _ => {}
        }
    }

    fn unknown_keys(&self, document: &DeTable<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (key, value) in document {
            let at = self.place(key.span().start);
            let Some(section) = raw::section(key.get_ref()) else {
                let what = if value.get_ref().is_table() { "section" } else { "key" };
                findings.push(
                    Finding::error(at, format!("unknown {what} `{}`", key.get_ref()))
                        .hint(home_of(key.get_ref()).unwrap_or_else(|| nearest_section(key.get_ref()))),
                );
                continue;
            };
            match (section.kind, value.get_ref()) {
                (SectionKind::Table, DeValue::Table(table)) => {
                    findings.extend(self.unknown_in(section, table));
                }
                (SectionKind::Repeated, DeValue::Array(list)) => {
                    for element in list {
                        if let DeValue::Table(table) = element.get_ref() {
                            findings.extend(self.unknown_in(section, table));
                        }
                    }
                }
                (SectionKind::Repeated, DeValue::Table(_)) => findings.push(
                    Finding::error(at, format!("`{}` can stand several times", section.name))
                        .hint(format!("write [[{}]] with two brackets on each side", section.name)),
                ),
                (SectionKind::Free | SectionKind::Table | SectionKind::Repeated, _) => {}
            }
        }
        findings
    }

    fn unknown_in(&self, section: &Section, table: &DeTable<'_>) -> Vec<Finding> {
        let keys: Vec<String> = section.fields.iter().map(raw::Field::key).collect();
        let unknown =
            table.keys().filter(|key| !keys.iter().any(|known| known.as_str() == key.get_ref().as_ref()));
        unknown
            .map(|key| {
                let hint = home_of(key.get_ref()).unwrap_or_else(|| {
                    let known = nearest(key.get_ref(), keys.iter().map(String::as_str)).unwrap_or_default();
                    format!("did you mean `{known}`?")
                });
                let message = format!("unknown key `{}` in section `{}`", key.get_ref(), section.name);
                Finding::error(self.place(key.span().start), message).hint(hint)
            })
            .collect()
    }
}

/// Where a key that is known elsewhere belongs: in another section, or as a classic option under a new name.
fn home_of(key: &str) -> Option<String> {
    if let Some(option) = options::find(key) {
        return Some(match (option.carry.path(), option.available) {
            (Some(path), _) => format!("the option `{key}` is written `{path}` here"),
            (None, Availability::Later(feature)) => format!("not available in this build: {feature}"),
            (None, Availability::Moot(why)) => format!("it would have no effect: {why}"),
            (None, Availability::Works) => "it belongs on the command line".to_owned(),
        });
    }
    let homes: Vec<String> = SECTIONS
        .iter()
        .filter(|section| section.fields.iter().any(|field| field.key() == key))
        .map(|section| format!("[{}]", section.name))
        .collect();
    (!homes.is_empty()).then(|| format!("`{key}` belongs into {}", homes.join(" or ")))
}

fn nearest_section(key: &str) -> String {
    let known = nearest(key, SECTIONS.iter().map(|section| section.name)).unwrap_or_default();
    format!("did you mean `{known}`?")
}
