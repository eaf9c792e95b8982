//! From the sections of a key file to options and interfaces.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Value as Toml;

use super::keyfile::{Entry, Group, KeyFile, list, text};
use crate::config::finding::{Finding, Place};
use crate::config::layers::{Given, Layers, read};
use crate::config::nearest::nearest;
use crate::config::options::{self, Carry, Kind, Value};
use crate::config::raw::Numbers;

/// Keys of a section that defines one interface.
const INTERFACE_KEYS: &[&str] =
    &["address", "advertised", "name", "alias", "port-min", "port-max", "exclude-ports"];

fn at(file: &Path, line: usize) -> Place {
    Place::Position { file: file.to_owned(), line, column: 1 }
}

/// The options of one section, and what is wrong with it.
pub(in crate::config) fn options_of(file: &Path, group: &Group) -> (Vec<Given>, Vec<Finding>) {
    let mut given = Vec::new();
    let mut findings = Vec::new();
    for entry in &group.entries {
        let place = at(file, entry.line);
        let Some(option) = options::find(&entry.key) else {
            let mut finding =
                Finding::error(place, format!("unknown key `{}` in section [{}]", entry.key, group.name));
            if let Some(known) = options::nearest(&entry.key) {
                finding = finding.hint(format!("did you mean `{known}`?"));
            }
            findings.push(finding);
            continue;
        };
        let listed = matches!(option.kind, Kind::Texts | Kind::Ints);
        let texts = if listed { list(&entry.value) } else { text(&entry.value).map(|text| vec![text]) };
        let texts = match texts {
            Ok(texts) => texts,
            Err(message) => {
                findings.push(Finding::error(place, format!("`{}`: {message}", entry.key)));
                continue;
            }
        };
        let texts: Vec<&str> =
            texts.iter().map(String::as_str).filter(|text| !listed || !text.trim().is_empty()).collect();
        if listed && texts.is_empty() {
            continue;
        }
        match read(option, &texts, place) {
            Ok(one) => given.push(one),
            Err(finding) => findings.push(finding),
        }
    }
    (given, findings)
}

/// Carries out the options that name other sections: templates and interfaces.
pub(in crate::config) fn apply_sections(file: &Path, keys: &KeyFile, given: &[Given], layers: &mut Layers) {
    for one in given {
        let Value::Text(name) = &one.value else { continue };
        match one.option.carry {
            Carry::TemplateSection => match keys.group(name) {
                Some(group) => templates(file, group, layers),
                None => layers.findings.push(no_section(keys, one, name)),
            },
            Carry::InterfaceSections => {
                let start = format!("{name}-");
                let mut any = false;
                for group in &keys.groups {
                    if let Some(suffix) = group.name.strip_prefix(&start) {
                        any = true;
                        interface(file, group, suffix, layers);
                    }
                }
                if !any {
                    layers.findings.push(no_section(keys, one, &format!("{name}-NAME")));
                }
            }
            _ => {}
        }
    }
}

fn no_section(keys: &KeyFile, given: &Given, name: &str) -> Finding {
    let finding = Finding::error(
        given.place.clone(),
        format!("`{}` names a section [{name}], but there is none", given.option.name),
    );
    match nearest(name, keys.groups.iter().map(|group| group.name.as_str())) {
        Some(known) => finding.hint(format!("did you mean [{known}]?")),
        None => finding,
    }
}

fn templates(file: &Path, group: &Group, layers: &mut Layers) {
    let mut table = toml::Table::new();
    for entry in &group.entries {
        match text(&entry.value) {
            Ok(flags) => {
                table.insert(entry.key.clone(), Toml::String(flags));
            }
            Err(message) => layers
                .findings
                .push(Finding::error(at(file, entry.line), format!("template `{}`: {message}", entry.key))),
        }
    }
    layers.put("templates", Toml::Table(table), &at(file, group.line));
}

fn interface(file: &Path, group: &Group, suffix: &str, layers: &mut Layers) {
    let mut values: BTreeMap<&str, (&Entry, String)> = BTreeMap::new();
    for entry in &group.entries {
        let place = at(file, entry.line);
        let Some(key) = INTERFACE_KEYS.iter().find(|key| **key == entry.key) else {
            let known = nearest(&entry.key, INTERFACE_KEYS.iter().copied()).unwrap_or("address");
            layers.findings.push(
                Finding::error(place, format!("unknown key `{}` in section [{}]", entry.key, group.name))
                    .hint(format!("did you mean `{known}`?")),
            );
            continue;
        };
        match text(&entry.value.replace("\\;", ";")) {
            Ok(value) => {
                values.insert(key, (entry, value));
            }
            Err(message) => {
                layers.findings.push(Finding::error(place, format!("`{}`: {message}", entry.key)));
            }
        }
    }
    let value = |key: &str| values.get(key).map(|(_, value)| value.trim().to_owned());
    let name = value("name").unwrap_or_else(|| suffix.to_owned());
    if let Some(target) = value("alias") {
        let line = values.get("alias").map_or(group.line, |(entry, _)| entry.line);
        layers.put_free("aliases", &name, Toml::String(target), &at(file, line));
        if value("address").is_none() {
            return;
        }
    }
    let mut table = toml::Table::new();
    table.insert("name".to_owned(), Toml::String(name));
    for (key, to) in [("address", "address"), ("advertised", "advertise")] {
        if let Some(value) = value(key) {
            table.insert(to.to_owned(), Toml::String(value));
        }
    }
    if value("port-min").is_some() || value("port-max").is_some() {
        let (low, high) = layers.media_ports();
        let (low, high) = (value("port-min").unwrap_or(low), value("port-max").unwrap_or(high));
        table.insert("ports".to_owned(), Toml::String(format!("{low}-{high}")));
    }
    if let Some(ports) = value("exclude-ports") {
        match Numbers::parse(&ports.replace(';', ",")) {
            Ok(Numbers(ports)) => {
                let ports = ports.into_iter().map(|port| Toml::Integer(port.into())).collect();
                table.insert("exclude-ports".to_owned(), Toml::Array(ports));
            }
            Err(message) => {
                let line = values.get("exclude-ports").map_or(group.line, |(entry, _)| entry.line);
                layers.findings.push(Finding::error(at(file, line), format!("`exclude-ports`: {message}")));
            }
        }
    }
    let path = layers.add_interface(table, &at(file, group.line));
    for (key, to) in [
        ("address", "address"),
        ("advertised", "advertise"),
        ("name", "name"),
        ("port-min", "ports"),
        ("port-max", "ports"),
        ("exclude-ports", "exclude-ports"),
    ] {
        if let Some((entry, _)) = values.get(key) {
            layers.places.set(&format!("{path}.{to}"), at(file, entry.line));
        }
    }
}
