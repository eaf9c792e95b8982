//! From a classic file to TOML, with a list of what has no home there.

use std::path::Path;

use super::finding::{Finding, Place, Severity};
use super::layers::Layers;
use super::legacy::{KeyFile, apply_sections, options_of};
use super::load::{read_file, type_error};
use super::options::{Availability, Carry};
use super::render::render;

/// A converted file.
#[derive(Debug, Clone)]
pub struct Converted {
    /// The TOML file.
    pub toml: String,
    /// What it does not say although the classic file did, one entry each.
    pub lost: Vec<Finding>,
}

/// Converts one section of a classic file.
///
/// # Errors
/// When the file cannot be read, is no key file or has no such section.
pub fn convert(file: &Path, section: &str) -> Result<Converted, Finding> {
    let bytes = read_file(file)?;
    convert_bytes(file, &bytes, section)
}

pub(super) fn convert_bytes(file: &Path, bytes: &[u8], section: &str) -> Result<Converted, Finding> {
    let at = |line: usize| Place::Position { file: file.to_owned(), line, column: 1 };
    let keys = KeyFile::parse(bytes).map_err(|wrong| Finding::error(at(wrong.line), wrong.message))?;
    let group = keys.group(section).ok_or_else(|| {
        Finding::error(Place::File(file.to_owned()), format!("there is no section [{section}]"))
            .hint("choose one with --section")
    })?;
    let (given, mut lost) = options_of(file, group);
    let mut layers = Layers::default();
    let mut used = vec![section.to_owned()];
    for one in &given {
        layers.set(one);
        match (one.option.carry, &one.value) {
            (Carry::Nowhere | Carry::Start, _) => {
                let why = match one.option.available {
                    Availability::Later(feature) => format!("not available in this build: {feature}"),
                    Availability::Moot(why) => format!("it would have no effect: {why}"),
                    Availability::Works => "it has a meaning on the command line only".to_owned(),
                };
                lost.push(
                    Finding::warning(one.place.clone(), format!("`{}` is not carried over", one.option.name))
                        .hint(why),
                );
            }
            (Carry::TemplateSection, super::options::Value::Text(name)) => used.push(name.clone()),
            (Carry::InterfaceSections, super::options::Value::Text(name)) => used.push(format!("{name}-")),
            _ => {}
        }
    }
    apply_sections(file, &keys, &given, &mut layers);
    lost.extend(layers.findings.into_iter().filter(|finding| finding.severity == Severity::Error));
    for group in &keys.groups {
        let known = used.iter().any(|used| {
            used == &group.name || (used.ends_with('-') && group.name.starts_with(used.as_str()))
        });
        if !known {
            lost.push(
                Finding::warning(at(group.line), format!("section [{}] is not carried over", group.name))
                    .hint("nothing in the converted section refers to it in a way that TOML knows"),
            );
        }
    }
    let config = layers.table.try_into().map_err(|wrong| type_error(&wrong, Some(file)))?;
    Ok(Converted { toml: render(&config), lost })
}
