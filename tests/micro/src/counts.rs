//! Instructions, counted by valgrind. On the same machine code they are the same on every processor: valgrind shows its own
//! to a program, so neither the host's newest instructions nor its load are in them.

use crate::MicroError;
use crate::cases::{self, Case};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;

/// More than this many times the stored count is too much.
pub const TOO_MUCH: f64 = 1.05;
/// Less than this many times is worth storing.
const LESS: f64 = 0.95;

/// What made the counts: others would count otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// The compiler, as it names itself.
    pub rustc: String,
    /// Valgrind, likewise.
    pub valgrind: String,
    /// The C library, whose copying is counted too.
    pub libc: String,
}

/// Counts as they are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// What made them.
    pub tools: Tools,
    /// Instructions for each unit of a case, by its name.
    pub instructions: BTreeMap<String, f64>,
}

/// What became of one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The case.
    pub name: String,
    /// Instructions for each unit, now.
    pub now: f64,
    /// As stored, if it is.
    pub stored: Option<f64>,
}

impl Compared {
    /// Whether that is too much.
    pub fn too_much(&self) -> bool {
        self.stored.is_none_or(|stored| self.now > stored * TOO_MUCH)
    }
}

/// Why nothing can be counted here, if so.
pub fn missing() -> Option<String> {
    if let Some(why) = processor_lacks() {
        return Some(why);
    }
    match Tools::found() {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Ciphers choose their code by these; without them other instructions would be counted.
#[cfg(target_arch = "x86_64")]
fn processor_lacks() -> Option<String> {
    let lacks = [
        ("aes", std::arch::is_x86_feature_detected!("aes")),
        ("pclmulqdq", std::arch::is_x86_feature_detected!("pclmulqdq")),
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
    ];
    let found = lacks.iter().find(|(_, there)| !there);
    found.map(|(name, _)| format!("the processor lacks {name}, with which the stored counts were taken"))
}

#[cfg(not(target_arch = "x86_64"))]
fn processor_lacks() -> Option<String> {
    Some("the stored counts are of x86-64".to_owned())
}

impl Tools {
    /// Those of this machine.
    ///
    /// # Errors
    /// When one is not there.
    pub fn found() -> Result<Tools, MicroError> {
        Ok(Tools {
            rustc: said("rustc", &["--version"])?,
            valgrind: said("valgrind", &["--version"])?,
            libc: said("getconf", &["GNU_LIBC_VERSION"])?,
        })
    }
}

fn said(program: &str, arguments: &[&str]) -> Result<String, MicroError> {
    let out = Command::new(program).args(arguments).output().map_err(MicroError::file(program))?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

impl Counts {
    /// Reads them.
    ///
    /// # Errors
    /// When the file cannot be read or is none.
    pub fn read(path: &Path) -> Result<Counts, MicroError> {
        let text = std::fs::read_to_string(path).map_err(MicroError::file(path.display().to_string()))?;
        toml::from_str(&text).map_err(|error| MicroError::Counts(format!("{}: {error}", path.display())))
    }

    /// As a file.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "# Instructions for each unit of a case, as `micro store` counted them. `micro check` compares.\n\n[tools]\n",
        );
        for (name, value) in
            [("rustc", &self.tools.rustc), ("valgrind", &self.tools.valgrind), ("libc", &self.tools.libc)]
        {
            let _ = writeln!(text, "{name} = {value:?}");
        }
        text.push_str("\n[instructions]\n");
        for (name, count) in &self.instructions {
            let _ = writeln!(text, "{name} = {count:.1}");
        }
        text
    }
}

/// Counts these cases with valgrind, which runs this program again.
///
/// # Errors
/// When valgrind does not count.
pub fn count(cases: &[&Case]) -> Result<Vec<(String, f64)>, MicroError> {
    cases.iter().map(|case| Ok((case.name.to_owned(), count_one(case)?))).collect()
}

fn count_one(case: &Case) -> Result<f64, MicroError> {
    let wrong = |what: String| MicroError::Counting { case: case.name.to_owned(), what };
    let me = std::env::current_exe().map_err(MicroError::file("this program"))?;
    let out = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_runs*"])
        .arg(me)
        .args(["run", case.name])
        // Hashes are seeded by chance; nothing else may differ.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .map_err(MicroError::file("valgrind"))?;
    let said = String::from_utf8_lossy(&out.stderr);
    if !out.status.success() {
        return Err(wrong(said.into_owned()));
    }
    let collected = said.lines().find_map(|line| line.split("Collected :").nth(1));
    let collected = collected.and_then(|number| number.trim().parse::<u64>().ok()).filter(|count| *count > 0);
    let collected = collected.ok_or_else(|| wrong(format!("it did not say how many: {said}")))?;
    Ok(collected as f64 / f64::from(case.runs * case.units))
}

/// Does the work of a case, which valgrind counts while it is in [`counted_runs`].
///
/// # Errors
/// When there is no such case.
pub fn run(name: &str) -> Result<(), MicroError> {
    let case = cases::find(name).ok_or_else(|| MicroError::NoCase(name.to_owned()))?;
    let mut work = (case.prepare)();
    // What is done once only is no unit's cost.
    work();
    counted_runs(case.runs, &mut work);
    Ok(())
}

/// Found by its name, so it must be a function of its own.
#[inline(never)]
fn counted_runs(runs: u32, work: &mut dyn FnMut()) {
    for _ in 0..black_box(runs) {
        work();
    }
}

/// Puts counts beside the stored ones.
pub fn compare(now: &[(String, f64)], stored: &Counts) -> Vec<Compared> {
    now.iter()
        .map(|(name, now)| Compared {
            name: name.clone(),
            now: *now,
            stored: stored.instructions.get(name).copied(),
        })
        .collect()
}

/// The table for people.
pub fn table(all: &[Compared]) -> String {
    let mut text = format!("{:<18} {:<8} {:>12} {:>12} {:>8}\n", "case", "unit", "now", "stored", "change");
    for one in all {
        let unit = cases::find(&one.name).map_or("", |case| case.unit);
        let _ = write!(text, "{:<18} {unit:<8} {:>12.1} ", one.name, one.now);
        let _ = match one.stored {
            None => writeln!(text, "{:>12} {:>8}  NOT STORED: `micro store`", "-", "-"),
            Some(stored) => {
                let word = match one.now / stored {
                    times if times > TOO_MUCH => "  TOO MUCH",
                    times if times < LESS => "  less: `micro store` keeps it so",
                    _ => "",
                };
                writeln!(text, "{stored:>12.1} {:>+7.2}%{word}", 100.0 * (one.now / stored - 1.0))
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: &[(&str, f64)]) -> Counts {
        let tools = Tools { rustc: "r".to_owned(), valgrind: "v".to_owned(), libc: "c \"1\"".to_owned() };
        let instructions = instructions.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Counts { tools, instructions }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let some = counts(&[("recipe-plain", 123.5), ("bencode-read", 4000.0)]);
        assert_eq!(toml::from_str::<Counts>(&some.text()).unwrap(), some);
    }

    #[test]
    fn five_percent_more_is_too_much_and_so_is_what_nobody_stored() {
        let stored = counts(&[("a", 100.0), ("b", 100.0), ("c", 100.0)]);
        let now = [("a", 104.9), ("b", 105.1), ("c", 50.0), ("d", 1.0)];
        let now = now.map(|(name, count)| (name.to_owned(), count));
        let all = compare(&now, &stored);
        assert_eq!(all.iter().map(Compared::too_much).collect::<Vec<_>>(), [false, true, false, true]);
        assert!(table(&all).contains("TOO MUCH"));
    }

    #[test]
    fn every_case_is_stored() {
        let stored = Counts::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.toml")).unwrap();
        let names: Vec<&str> = cases::ALL.iter().map(|case| case.name).collect();
        assert!(names.iter().all(|name| stored.instructions.contains_key(*name)), "`micro store`");
        assert_eq!(names.len(), stored.instructions.len(), "`micro store`");
    }
}
