//! A script as read from its file. The format is described in `tests/oracle/README.md`.

use crate::{Error, Result, toml_order};
use lab::Value;
use std::collections::HashMap;
use std::path::Path;

/// A script.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file's name without `.toml`.
    pub name: String,
    /// What it shows, in a sentence.
    pub about: String,
    /// Arguments of the daemon it wants for itself; empty: any daemon of the standard kind will do.
    pub daemon_args: Vec<String>,
    /// Named SDP texts, line ends as in the file.
    pub sdp: Vec<(String, String)>,
    /// What happens.
    pub steps: Vec<Step>,
    /// The whole file. Values that stand in it are the script's own and are never replaced by names.
    pub text: String,
}

/// One step.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does: an ng command, or one of the player's own words.
    pub word: String,
    /// The name later steps know its reply by: word and number among steps of the same word, for example `offer2`.
    pub name: String,
    /// The keys of the request or of the player's step, in the order of the file.
    pub keys: Value,
    /// How to ask and what to compare.
    pub options: Options,
}

/// Keys that begin with `_`: for the player, not for the daemon.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The cookie to send; `same`: the one of the step before.
    pub cookie: Option<String>,
    /// Leave line ends of SDP as they are in the file.
    pub eol_as_is: bool,
    /// Keys of the reply to keep.
    pub only: Option<Vec<String>>,
    /// Paths to leave out.
    pub drop: Vec<String>,
    /// Where to compare kinds of values and not the values.
    pub shape: Shape,
    /// Ask in JSON.
    pub json: bool,
    /// Ask over TCP.
    pub tcp: bool,
    /// Write the command after the other keys, as Kamailio does.
    pub command_last: bool,
}

/// Where kinds are compared instead of values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shape {
    /// Nowhere.
    #[default]
    Nowhere,
    /// The whole reply.
    Whole,
    /// At these paths.
    At(Vec<String>),
}

/// Words of the player; everything else is an ng command.
pub const OWN_WORDS: &[&str] = &["open", "send", "receive", "sleep", "raw", "back-to-back"];

impl Script {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, or has keys the format does not know.
    pub fn load(path: &Path) -> Result<Script> {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Script::parse(&name, text)
    }

    /// Reads a script's text.
    ///
    /// # Errors
    /// As [`Script::load`].
    pub fn parse(name: &str, text: String) -> Result<Script> {
        let wrong = |what: String| Error::malformed(name, what);
        let file = toml_order::read(&text).map_err(wrong)?;
        let mut script = Script {
            name: name.to_owned(),
            about: String::new(),
            daemon_args: Vec::new(),
            sdp: Vec::new(),
            steps: Vec::new(),
            text: String::new(),
        };
        for (key, value) in file.entries() {
            match (key.as_slice(), value) {
                (b"about", _) => script.about = value.as_str().unwrap_or_default().to_owned(),
                (b"daemon-args", _) => script.daemon_args = texts(value),
                (b"sdp", Value::Dict(entries)) => {
                    for (name, text) in entries {
                        let text = text.as_str().unwrap_or_default().to_owned();
                        script.sdp.push((String::from_utf8_lossy(name).into_owned(), text));
                    }
                }
                (b"step", Value::List(steps)) => {
                    let mut seen = HashMap::new();
                    for (index, step) in steps.iter().enumerate() {
                        let step = read_step(step, &mut seen);
                        script.steps.push(step.map_err(|what| wrong(format!("step {}: {what}", index + 1)))?);
                    }
                }
                _ => return Err(wrong(format!("unknown key {}", String::from_utf8_lossy(key)))),
            }
        }
        if script.about.is_empty() || script.steps.is_empty() {
            return Err(wrong("a script has an `about` and at least one step".into()));
        }
        script.text = text;
        Ok(script)
    }

    /// How long its steps wait, milliseconds; the rest of its time is the daemon's.
    pub fn waits_ms(&self) -> u64 {
        self.steps.iter().map(Step::waits_ms).sum()
    }
}

impl Step {
    /// A number among the keys.
    pub fn number(&self, key: &str, otherwise: u64) -> u64 {
        self.keys
            .key(key)
            .and_then(Value::as_int)
            .and_then(|number| number.try_into().ok())
            .unwrap_or(otherwise)
    }

    fn waits_ms(&self) -> u64 {
        match self.word.as_str() {
            "send" => {
                self.number("count", 1) * self.number("interval-ms", 20) + self.number("settle-ms", 200)
            }
            "receive" | "sleep" => self.number("ms", 0),
            _ => 0,
        }
    }
}

fn read_step(step: &Value, seen: &mut HashMap<String, u32>) -> std::result::Result<Step, String> {
    let mut word = None;
    let mut keys = Value::dict();
    let mut options = Options::default();
    for (key, value) in step.entries() {
        let key = String::from_utf8_lossy(key);
        match key.strip_prefix('_') {
            Some(option) => options.set(option, value)?,
            None if key == "do" => word = value.as_str().map(str::to_owned),
            None => keys.set(&key, value.clone()),
        }
    }
    let word = word.ok_or("no `do`")?;
    let dashed = word.replace(' ', "-");
    let number = seen.entry(dashed.clone()).or_default();
    *number += 1;
    Ok(Step { name: format!("{dashed}{number}"), word, keys, options })
}

impl Options {
    fn set(&mut self, option: &str, value: &Value) -> std::result::Result<(), String> {
        match (option, value.as_str()) {
            ("cookie", Some(cookie)) => self.cookie = Some(cookie.to_owned()),
            ("eol", Some("as-is")) => self.eol_as_is = true,
            ("only", None) => self.only = Some(texts(value)),
            ("drop", None) => self.drop = texts(value),
            ("shape", Some("yes")) => self.shape = Shape::Whole,
            ("shape", None) => self.shape = Shape::At(texts(value)),
            ("json", Some("yes")) => self.json = true,
            ("via", Some("tcp")) => self.tcp = true,
            ("command", Some("last")) => self.command_last = true,
            _ => return Err(format!("unknown option _{option} = {value:?}")),
        }
        Ok(())
    }
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<String> {
    value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_named_and_options_kept_apart() {
        let text = "about = \"x\"\n[sdp]\nalice = \"v=0\\n\"\n\
            [[step]]\ndo = \"block media\"\nz = 1\ncall-id = \"c\"\n_only = [\"result\"]\n\
            [[step]]\ndo = \"send\"\ncount = 3\nsettle-ms = 40\n\
            [[step]]\ndo = \"block media\"\n_shape = true\n";
        let script = Script::parse("t", text.into()).unwrap();
        let names: Vec<_> = script.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names, ["block-media1", "send1", "block-media2"]);
        assert_eq!(script.steps[0].keys.entries().len(), 2);
        assert_eq!(script.steps[0].options.only.as_deref(), Some(&["result".to_owned()][..]));
        assert_eq!(script.steps[2].options.shape, Shape::Whole);
        assert_eq!(script.waits_ms(), 100);
    }

    #[test]
    fn unknown_keys_are_refused() {
        for text in [
            "about = \"x\"\n",
            "about = \"x\"\n[[step]]\ndo = \"ping\"\n_shap = true\n",
            "about = \"x\"\n[[step]]\nto = \"ping\"\n",
            "about = \"x\"\nabot = 1\n[[step]]\ndo = \"ping\"\n",
        ] {
            assert!(Script::parse("t", text.into()).is_err(), "{text}");
        }
    }
}
