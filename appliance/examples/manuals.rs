//! Writes what packages carry besides the programs: the man pages rtpengine(8) and rtpengine.toml(5), and completions for
//! bash, zsh and fish. All of it comes from the option table and the field docs, so it cannot be out of date.
//!
//! `cargo run -p rtpengine --example manuals -- FOLDER`

use std::error::Error;
use std::fs;
use std::path::Path;

use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use rtpengine::config::cli::command;
use rtpengine::config::raw::{Config, SECTIONS, Section, SectionKind};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder? (manuals FOLDER)")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("rtpengine.8"), daemon()?)?;
    fs::write(folder.join("rtpengine.toml.5"), configuration()?)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command(), "rtpengine", folder)?;
    }
    Ok(())
}

/// rtpengine(8): the options, and what an operator must know besides.
fn daemon() -> Result<Vec<u8>, Box<dyn Error>> {
    let man = Man::new(command()).section("8").title("rtpengine").source(version()).manual("rtpengine");
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    let mut rest = Roff::new();
    rest.control("SH", ["SUB\\-COMMANDS"]);
    for sub in command().get_subcommands().filter(|sub| !sub.is_hide_set()) {
        rest.control("TP", []);
        rest.text([bold("rtpengine "), bold(sub.get_name())]);
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        rest.text([roman(format!("{about}."))]);
    }
    rest.control("SH", ["FILES"]);
    for (file, what) in [
        ("/etc/rtpengine/rtpengine.toml", "The configuration, see rtpengine.toml(5)."),
        ("/etc/rtpengine/rtpengine.conf", "A classic configuration, read if the former is not there."),
        ("/etc/rtpengine/NAME.toml", "The configuration of rtpengine@NAME.service, for several on one host."),
        ("/run/rtpengine", "How network cards were set up before us (mode appliance)."),
    ] {
        entry(&mut rest, file, what);
    }
    rest.control("SH", ["SIGNALS"]);
    for (signal, what) in [
        ("SIGTERM, SIGINT", "End all calls and the daemon."),
        (
            "SIGHUP",
            "Read the configuration again. Interfaces and addresses that are new, port ranges, advertised addresses, \
             aliases, limits, timeouts, templates and log levels change; calls are not touched. What takes a restart is \
             logged with its key. A file that is wrong changes nothing.",
        ),
        ("SIGUSR1, SIGUSR2", "Log less, log more, by one level."),
    ] {
        entry(&mut rest, signal, what);
    }
    rest.control("SH", ["EXIT STATUS"]);
    rest.text([roman(
        "0 after an orderly end; 255 when the daemon cannot start, with the reason on standard error.",
    )]);
    rest.control("SH", ["SEE ALSO"]);
    rest.text([bold("rtpengine.toml"), roman("(5), "), bold("rtpengine-ctl"), roman("(1)")]);
    rest.to_writer(&mut out)?;
    Ok(out)
}

/// rtpengine.toml(5): every key with its meaning and its default.
fn configuration() -> Result<String, Box<dyn Error>> {
    let mut page = Roff::new();
    page.control("TH", ["rtpengine.toml", "5", "", &version(), "rtpengine"]);
    page.control("SH", ["NAME"]);
    page.text([roman("rtpengine.toml - configuration of the RTP media relay rtpengine")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "A TOML file. At least one interface and one ng listener are needed; every other key has a default. A key that is \
         not known is an error, with the nearest known one.",
    )]);
    page.control("PP", []);
    page.text([
        bold("rtpengine check"),
        roman(" says what is wrong with a file, "),
        bold("rtpengine convert"),
        roman(" makes one of a classic rtpengine.conf, "),
        bold("rtpengine config default"),
        roman(" prints all of this as a file."),
    ]);
    let defaults = toml::Table::try_from(Config::default())?;
    for section in SECTIONS {
        document(&mut page, section, &defaults);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("rtpengine"), roman("(8), "), bold("rtpengine-ctl"), roman("(1)")]);
    Ok(page.to_roff())
}

fn document(page: &mut Roff, section: &Section, defaults: &toml::Table) {
    let title = match section.kind {
        SectionKind::Repeated => format!("[[{}]]", section.name),
        SectionKind::Table | SectionKind::Free => format!("[{}]", section.name),
    };
    page.control("SH", [title.as_str()]);
    page.text(marked(&section.docs.concat()));
    let values = defaults.get(section.name).and_then(toml::Value::as_table);
    for field in section.fields {
        let key = field.key();
        page.control("TP", []);
        page.text([bold(&key)]);
        page.text(marked(&field.docs.concat()));
        let default = values.and_then(|values| values.get(&key)).map(ToString::to_string);
        page.control("br", []);
        match (default, field.example) {
            (Some(default), _) => page.text([roman("Default: "), italic(default)]),
            (None, Some(example)) => page.text([roman("Example: "), italic(example)]),
            (None, None) => page.text([roman("No default.")]),
        };
    }
}

/// Words between backticks are bold.
fn marked(text: &str) -> Vec<Inline> {
    let piece = |(nth, piece): (usize, &str)| if nth % 2 == 1 { bold(piece) } else { roman(piece) };
    text.trim().split('`').enumerate().map(piece).collect()
}

fn entry(page: &mut Roff, name: &str, what: &str) {
    page.control("TP", []);
    page.text([bold(name)]);
    page.text([roman(what)]);
}

fn version() -> String {
    format!("rtpengine {}", env!("CARGO_PKG_VERSION"))
}
