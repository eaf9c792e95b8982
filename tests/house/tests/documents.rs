//! What README.md and the pages of appliance/docs name is there, and what they tell people to type is understood.

use house::named::{self, Mention};
use house::tree::{Source, paths, root, sources};
use house::{docs, floors};
use rtpengine::config::{cli, options, render};
use std::ffi::OsString;
use std::process::Command;

const PAGES: &str = "appliance/docs/";

/// Fails with one line per finding.
#[track_caller]
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

fn is_page(source: &Source) -> bool {
    source.path == "README.md" || (source.path.starts_with(PAGES) && source.is(".md"))
}

fn mentions() -> Vec<Mention> {
    let found: Vec<Mention> =
        sources(&root()).iter().filter(|source| is_page(source)).flat_map(named::mentions).collect();
    assert!(found.len() > 100, "only {} pieces of code in all pages", found.len());
    found
}

fn page(name: &str) -> Source {
    let path = format!("{PAGES}{name}");
    let text = std::fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source::new(&path, &text)
}

#[test]
fn files_that_are_named_exist() {
    none(named::missing_files(&mentions(), &paths(&root())));
}

#[test]
fn tests_that_are_named_exist() {
    none(named::missing_tests(&mentions(), &sources(&root())));
}

#[test]
fn anchors_lead_to_headings() {
    none(named::broken_anchors(&sources(&root())));
}

#[test]
fn make_targets_exist() {
    let mentions = mentions();
    let mut targets: Vec<&str> =
        named::commands(&mentions, "make").into_iter().flat_map(|(_, words)| words).collect();
    targets.sort_unstable();
    targets.dedup();
    assert!(targets.contains(&"lint") && targets.contains(&"build"), "{targets:?}");
    for target in targets {
        let out = Command::new("make").args(["--dry-run", target]).current_dir(root()).output().unwrap();
        assert!(out.status.success(), "make {target}: {}", String::from_utf8_lossy(&out.stderr));
    }
}

#[test]
fn packages_and_programs_of_cargo_lines_exist() {
    let (mentions, crates) = (mentions(), floors::of_workspace(&root()).unwrap());
    let lines = named::commands(&mentions, "cargo");
    assert!(!lines.is_empty(), "no page has a cargo line");
    for (mention, words) in lines {
        let value = |names: &[&str]| {
            let at = words.iter().position(|word| names.contains(word))?;
            words.get(at + 1).copied()
        };
        let Some(package) = value(&["-p", "--package"]).filter(|package| *package != "ROOM") else {
            continue;
        };
        let found = crates.get(package).unwrap_or_else(|| panic!("{}: no package {package}", mention.at));
        if let Some(program) = value(&["--bin"]) {
            let file = root().join(&found.folder).join("src/bin").join(format!("{program}.rs"));
            assert!(file.is_file(), "{}: {package} has no program {program}", mention.at);
        }
    }
}

#[test]
fn command_lines_of_the_daemon_are_understood() {
    let mentions = mentions();
    let lines = named::commands(&mentions, "rtpengine");
    assert!(lines.len() > 3, "{lines:?}");
    for (mention, words) in lines {
        let arguments = std::iter::once("rtpengine").chain(words).map(OsString::from);
        if let Err(findings) = cli::parse(arguments) {
            panic!("{}: {}: {}", mention.at, mention.text, findings[0]);
        }
    }
}

/// What the control tool and the text interface say of themselves, each line from its first word.
fn control_help() -> String {
    let texts = ["appliance/src/cli/usage.rs", "appliance/src/ctl/arguments.rs"].map(|path| {
        std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    });
    texts.iter().flat_map(|text| text.lines()).map(|line| format!("\n{}", line.trim_start())).collect()
}

#[test]
fn command_lines_of_the_control_tool_are_understood() {
    let help = control_help();
    let mentions = mentions();
    let lines =
        named::commands(&mentions, "rtpengine-ctl").into_iter().filter(|(_, words)| !words.is_empty());
    let mut seen = 0;
    for (mention, words) in lines {
        // what is in capitals stands for something, as numbers do; options have a test of their own
        let fixed: Vec<&str> = words
            .into_iter()
            .take_while(|word| {
                !word.contains(|c: char| c.is_uppercase())
                    && !word.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            })
            .collect();
        let command = format!("\n{}", fixed.join(" "));
        let ends = |at: usize| help[at + command.len()..].starts_with([' ', '|', '\n']);
        // a choice in the help: `drain [exit|stay]`
        let chosen = fixed.split_last().is_some_and(|(last, before)| {
            let begin = format!("{} [", before.join(" "));
            let among = |line: &str| line.strip_prefix(&begin).is_some_and(|rest| rest.contains(last));
            help.lines().any(among)
        });
        let known = chosen || help.match_indices(&command).any(|(at, _)| ends(at));
        assert!(known, "{}: the text interface does not know `{}`", mention.at, mention.text);
        seen += 1;
    }
    assert!(seen > 2, "{seen}");
}

#[test]
fn options_exist() {
    let (mentions, control) = (mentions(), control_help());
    let named = named::options(&mentions);
    assert!(!named.is_empty(), "no page names an option");
    for (mention, name) in named {
        let of_daemon = options::find(name).is_some() || ["config", "version", "help"].contains(&name);
        let known = of_daemon || control.contains(&format!("--{name}"));
        assert!(known, "{}: there is no option --{name}", mention.at);
    }
}

#[test]
fn configuration_keys_exist() {
    let text = render::default_file();
    let mut known: Vec<String> = Vec::new();
    let mut section = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ") {
            known.push(format!("{section}.{key}"));
        }
    }
    let sections = ["control", "media", "timeouts", "limits", "threads", "kernel", "log", "process"];
    let mentions = mentions();
    let named = named::keys(&mentions, &sections);
    assert!(named.len() > 5, "{named:?}");
    for (mention, section, key) in named {
        let key = format!("{section}.{key}");
        assert!(known.contains(&key), "{}: the configuration has no {key}", mention.at);
    }
}

#[test]
fn the_table_of_rooms_is_that_of_the_house_test() {
    let page = page("architecture.md");
    let mut listed = Vec::new();
    for row in named::rows(&page, "The house").into_iter().filter(|row| row[0].len() == 1 && row.len() == 3) {
        let Some((room, allowed)) = floors::ROOMS.iter().find(|(room, _)| *room == row[0][0]) else {
            continue;
        };
        assert_eq!(row[1], *allowed, "{}: what {room} may name", page.path);
        listed.push(*room);
    }
    let crates = floors::of_workspace(&root()).unwrap();
    let in_house = |one: &floors::Crate| !one.folder.starts_with("tests/") && one.folder != "appliance";
    let unlisted: Vec<_> =
        crates.iter().filter(|(name, one)| in_house(one) && !listed.contains(&name.as_str())).collect();
    assert!(unlisted.is_empty(), "{} does not list {unlisted:?}", page.path);
}

#[test]
fn exact_texts_stand_in_the_source() {
    let source = sources(&root());
    let code: Vec<&Source> = source
        .iter()
        .filter(|one| one.is(".rs") && one.path.starts_with("appliance/") && !one.is_test())
        .collect();
    let rows = named::rows(&page("control-path.md"), "Exact texts");
    assert!(rows.len() > 20, "{}", rows.len());
    for text in rows.iter().filter_map(|row| row[0].first()) {
        let written = text.replace('"', "\\\"");
        let there = code.iter().any(|one| one.text.contains(&written));
        assert!(there, "{PAGES}control-path.md: no source has the text `{text}`");
    }
}

#[test]
fn every_decision_is_in_the_list() {
    let list = docs::links(&page("architecture.md"));
    let folder = format!("{PAGES}decisions/");
    let unlisted: Vec<String> =
        paths(&root()).into_iter().filter(|path| path.starts_with(&folder) && !list.contains(path)).collect();
    none(unlisted);
}
