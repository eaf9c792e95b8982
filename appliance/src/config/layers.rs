//! Values from several sources put on top of each other, each remembered with the place it was written at.

use toml::Value as Toml;

use super::finding::{Finding, Place, Places};
use super::legacy::interface_spec;
use super::options::{Availability, Carry, Kind, Opt, Value};
use super::raw;

/// One option with its value, as found on the command line or in a key file.
#[derive(Debug, Clone)]
pub struct Given {
    /// The option.
    pub option: &'static Opt,
    /// Its value.
    pub value: Value,
    /// Where it was written.
    pub place: Place,
}

/// A configuration in the making.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The TOML form so far.
    pub(super) table: toml::Table,
    /// Where each value came from.
    pub(super) places: Places,
    /// What there is to say so far.
    pub(super) findings: Vec<Finding>,
}

impl Layers {
    /// Puts one option over what is there.
    pub(super) fn set(&mut self, given: &Given) {
        self.say_if_absent(given);
        match (given.option.carry, &given.value) {
            (Carry::To(path), value) => self.put(path, toml_value(value), &given.place),
            (Carry::Unless(none, path), value) => match value {
                Value::Int(number) if *number == none => self.remove(path),
                #[expect(clippy::cast_precision_loss, reason = "the table only holds 0 and -1 here")]
                Value::Float(number) if *number == none as f64 => self.remove(path),
                value => self.put(path, toml_value(value), &given.place),
            },
            (Carry::Negated(path), Value::Flag(on)) => self.put(path, Toml::Boolean(!on), &given.place),
            (Carry::PortLow, Value::Int(low)) => {
                let (_, high) = self.media_ports();
                self.put("media.ports", Toml::String(format!("{low}-{high}")), &given.place);
            }
            (Carry::PortHigh, Value::Int(high)) => {
                let (low, _) = self.media_ports();
                self.put("media.ports", Toml::String(format!("{low}-{high}")), &given.place);
            }
            (Carry::Interface, Value::Texts(specs)) => {
                self.remove("interface");
                self.remove("aliases");
                for spec in specs {
                    self.add_spec(spec, &given.place);
                }
            }
            // sections are the loader's business; the rest has no home
            _ => {}
        }
    }

    /// Adds one interface in the short form.
    fn add_spec(&mut self, spec: &str, place: &Place) {
        match interface_spec(spec) {
            Ok(super::legacy::InterfaceSpec::Alias { alias, name }) => {
                self.put_free("aliases", &alias, Toml::String(name), place);
            }
            Ok(super::legacy::InterfaceSpec::Address { name, address, advertise }) => {
                let mut table = toml::Table::new();
                table.insert("name".to_owned(), Toml::String(name));
                table.insert("address".to_owned(), Toml::String(address));
                if let Some(advertise) = advertise {
                    table.insert("advertise".to_owned(), Toml::String(advertise));
                }
                self.add_interface(table, place);
            }
            Err(message) => self.findings.push(Finding::error(place.clone(), message)),
        }
    }

    /// Adds an interface block and returns its path.
    pub(super) fn add_interface(&mut self, table: toml::Table, place: &Place) -> String {
        let list = self.table.entry("interface").or_insert_with(|| Toml::Array(Vec::new()));
        let Toml::Array(list) = list else { return "interface".to_owned() };
        list.push(Toml::Table(table));
        let path = format!("interface[{}]", list.len() - 1);
        self.places.set(&path, place.clone());
        path
    }

    /// The media port range so far, as texts, defaults included.
    pub(super) fn media_ports(&self) -> (String, String) {
        let default = raw::Media::default().ports;
        let text = match self.table.get("media").and_then(|media| media.get("ports")) {
            Some(Toml::String(text)) => text.clone(),
            _ => default,
        };
        let (low, high) = text.split_once('-').unwrap_or((&text, &text));
        (low.trim().to_owned(), high.trim().to_owned())
    }

    /// Warns about options whose feature this build lacks, unless the value asks for nothing.
    fn say_if_absent(&mut self, given: &Given) {
        let asks_nothing = match (&given.value, given.option.carry) {
            (Value::Flag(on), _) => !on,
            (Value::Int(number), Carry::Unless(none, _)) => *number == none,
            _ => false,
        };
        if asks_nothing {
            return;
        }
        let name = given.option.name;
        match given.option.available {
            Availability::Works => {}
            Availability::Later(feature) => self.findings.push(Finding::warning(
                given.place.clone(),
                format!("`{name}` is not available in this build: {feature}"),
            )),
            Availability::Moot(why) => {
                self.findings
                    .push(Finding::warning(given.place.clone(), format!("`{name}` has no effect: {why}")));
            }
        }
    }

    /// Sets the value at a dotted path.
    pub(super) fn put(&mut self, path: &str, value: Toml, place: &Place) {
        let mut steps: Vec<&str> = path.split('.').collect();
        let Some(last) = steps.pop() else { return };
        let mut table = &mut self.table;
        for step in steps {
            let below = table.entry(step).or_insert_with(|| Toml::Table(toml::Table::new()));
            let Toml::Table(below) = below else { return };
            table = below;
        }
        table.insert(last.to_owned(), value);
        self.places.set(path, place.clone());
    }

    /// Sets a key of the operator's choice, which may contain dots, in a section.
    pub(super) fn put_free(&mut self, section: &str, key: &str, value: Toml, place: &Place) {
        let table = self.table.entry(section).or_insert_with(|| Toml::Table(toml::Table::new()));
        if let Toml::Table(table) = table {
            table.insert(key.to_owned(), value);
        }
        self.places.set(&format!("{section}.{key}"), place.clone());
    }

    fn remove(&mut self, path: &str) {
        let mut steps: Vec<&str> = path.split('.').collect();
        let Some(last) = steps.pop() else { return };
        let mut table = &mut self.table;
        for step in steps {
            match table.get_mut(step) {
                Some(Toml::Table(below)) => table = below,
                _ => return,
            }
        }
        table.remove(last);
    }
}

fn toml_value(value: &Value) -> Toml {
    match value {
        Value::Flag(on) => Toml::Boolean(*on),
        Value::Int(number) => Toml::Integer(*number),
        Value::Float(number) => Toml::Float(*number),
        Value::Text(text) => Toml::String(text.clone()),
        Value::Texts(texts) => Toml::Array(texts.iter().cloned().map(Toml::String).collect()),
        Value::Ints(numbers) => Toml::Array(numbers.iter().copied().map(Toml::Integer).collect()),
    }
}

/// Reads the texts given for one option, or says what is wrong with them.
pub(super) fn read(option: &'static Opt, texts: &[&str], place: Place) -> Result<Given, Finding> {
    match Value::parse(option, texts) {
        Ok(value) => Ok(Given { option, value, place }),
        Err(wrong) => Err(Finding::error(place, format!("`{}`: {wrong}", option.name)).hint(wanted(option))),
    }
}

fn wanted(option: &Opt) -> String {
    match option.kind {
        Kind::Flag => "write true or false".to_owned(),
        Kind::Int(low, high) if high == i64::from(u32::MAX) || high == i64::MAX => format!("{low} or more"),
        Kind::Int(low, high) => format!("a whole number from {low} to {high}"),
        Kind::Float => "a number of 0 or more".to_owned(),
        Kind::Word(words) => words.join(", "),
        Kind::Text | Kind::Texts => "a text".to_owned(),
        Kind::Ints => "whole numbers".to_owned(),
        Kind::Action => format!("rtpengine --{}", option.name),
    }
}
