//! The option table as a clap command.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::config::options::{Availability, GROUPS, Kind, Opt};

/// Sub-commands.
pub(super) const SUBCOMMANDS: &[&str] = &["check", "doctor", "convert", "config"];

/// The command line of the daemon, as clap knows it.
#[must_use]
pub fn command() -> Command {
    let mut command = Command::new("rtpengine")
        .about("RTP media relay, controlled over the ng protocol")
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::SetTrue)
                .help("Print the version and exit"),
        )
        .arg(
            Arg::new("print-default-config")
                .long("print-default-config")
                .action(ArgAction::SetTrue)
                .help("Print the documented default configuration and exit"),
        )
        .subcommand(
            Command::new("check")
                .about("Check a configuration: values, listeners, media ports, room for calls")
                .after_help("Exit status: 0 good, 1 usable with warnings, 2 not usable.")
                .arg(file().required(false))
                .arg(section()),
        )
        .subcommand(
            Command::new("doctor")
                .about("Examine this host for a configuration: privileges, NICs, kernel, ports; with the fix for each")
                .after_help(
                    "Without a file it examines what the host could be. Exit status: 0 nothing fails, 1 something does.",
                )
                .arg(file().required(false))
                .arg(
                    Arg::new("config")
                        .long("config")
                        .value_name("FILE")
                        .value_parser(value_parser!(PathBuf))
                        .conflicts_with("FILE")
                        .help("The same as FILE"),
                )
                .arg(section())
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
                .arg(Arg::new("attach").long("attach").action(ArgAction::SetTrue).help(
                    "Also put the XDP program on network cards that have none; a driver may take the link down for seconds",
                )),
        )
        .subcommand(convert())
        .subcommand(
            Command::new("config")
                .about("Show configurations")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Command::new("default").about("Print the documented default configuration"))
                .subcommand(Command::new("reference").about("Print all keys and options as a page of Markdown"))
                .subcommand(convert()),
        );
    for group in GROUPS {
        for option in group.options {
            command = command.arg(argument(option).help_heading(group.title));
        }
    }
    command
}

fn convert() -> Command {
    Command::new("convert")
        .about("Print a classic configuration file as TOML; on stderr, what TOML has no place for")
        .arg(file().required(true))
        .arg(section())
}

fn file() -> Arg {
    Arg::new("FILE").value_parser(value_parser!(PathBuf)).help("Configuration file, TOML or classic")
}

fn section() -> Arg {
    Arg::new("section")
        .long("section")
        .alias("config-section")
        .value_name("NAME")
        .help("Section of a classic file [rtpengine]")
}

fn argument(option: &'static Opt) -> Arg {
    let help = match option.available {
        Availability::Works => option.help.to_owned(),
        Availability::Later(_) => format!("{} (not available in this build)", option.help),
        Availability::Moot(_) => format!("{} (no effect)", option.help),
    };
    let mut argument = Arg::new(option.name).long(option.name).help(help);
    if let Some(letter) = option.short {
        argument = argument.short(letter);
    }
    if option.name == "config-file" {
        argument = argument.visible_alias("config");
    }
    match option.kind {
        Kind::Action => argument.action(ArgAction::SetTrue),
        // bare, or with its value behind an equals sign: `--foreground`, `--foreground=true`
        Kind::Flag => argument
            .action(ArgAction::Append)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_name("BOOL"),
        kind => argument
            .action(ArgAction::Append)
            .num_args(1)
            .allow_negative_numbers(matches!(kind, Kind::Int(..) | Kind::Float | Kind::Ints))
            .value_name(value_name(kind)),
    }
}

fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Int(..) | Kind::Ints => "INT",
        Kind::Float => "FLOAT",
        Kind::Word(_) => "WORD",
        Kind::Text | Kind::Texts | Kind::Flag | Kind::Action => "TEXT",
    }
}
