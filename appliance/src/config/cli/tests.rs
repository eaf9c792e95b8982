//! The command line, in every spelling that scripts use.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Invocation, parse};
use crate::config::load::{FileChoice, Sources};
use crate::config::options::Value;

fn invoked(arguments: &[&str]) -> Result<Invocation, Vec<String>> {
    let all = ["rtpengine"].iter().chain(arguments).map(OsString::from).collect::<Vec<_>>();
    parse(all).map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

fn sources(arguments: &[&str]) -> Sources {
    match invoked(arguments) {
        Ok(Invocation::Run(sources)) => sources,
        other => panic!("{arguments:?}: {other:?}"),
    }
}

fn value(arguments: &[&str], name: &str) -> Option<Value> {
    sources(arguments).options.into_iter().find(|given| given.option.name == name).map(|given| given.value)
}

#[test]
fn one_value_has_many_spellings() {
    for arguments in
        [&["--tos=184"][..], &["--tos", "184"], &["-T", "184"], &["-T184"], &["-T=184"], &["-fT", "184"]]
    {
        assert_eq!(value(arguments, "tos"), Some(Value::Int(184)), "{arguments:?}");
    }
    for arguments in
        [&["--foreground"][..], &["-f"], &["--foreground=true"], &["-fE"], &["-Ef"], &["-f", "-E"]]
    {
        assert_eq!(value(arguments, "foreground"), Some(Value::Flag(true)), "{arguments:?}");
    }
    assert_eq!(value(&["--foreground=false"], "foreground"), Some(Value::Flag(false)));
    for arguments in [&["--table=-1"][..], &["--table", "-1"], &["-t", "-1"], &["-t-1"]] {
        assert_eq!(value(arguments, "table"), Some(Value::Int(-1)), "{arguments:?}");
    }
    assert_eq!(value(&["--tos=1", "--tos=2"], "tos"), Some(Value::Int(2)));
}

#[test]
fn repeated_options_are_lists() {
    let want = Value::Texts(vec!["a/192.0.2.1".to_owned(), "b/192.0.2.2!192.0.2.3".to_owned()]);
    assert_eq!(value(&["--interface=a/192.0.2.1", "-i", "b/192.0.2.2!192.0.2.3"], "interface"), Some(want));
}

#[test]
fn a_flag_does_not_eat_what_follows() {
    let got = sources(&["--no-fallback", "--tos=1", "-F", "-T", "2"]);
    assert_eq!(got.options.len(), 2);
}

#[test]
fn the_file_and_its_section_are_chosen() {
    assert_eq!(sources(&[]).file, FileChoice::Default);
    assert_eq!(sources(&["--config-file=none"]).file, FileChoice::None);
    for option in ["--config-file=x.conf", "--config=x.conf"] {
        assert_eq!(sources(&[option]).file, FileChoice::Named(PathBuf::from("x.conf")));
    }
    assert_eq!(sources(&["--config-section", "testing"]).section, "testing");
}

#[test]
fn sub_commands_are_told_apart() {
    assert!(
        matches!(invoked(&["check", "x.toml"]), Ok(Invocation::Check(sources)) if sources.file == FileChoice::Named("x.toml".into()))
    );
    assert!(
        matches!(invoked(&["check"]), Ok(Invocation::Check(sources)) if sources.file == FileChoice::Default)
    );
    for arguments in [&["doctor", "x.toml", "--json"], &["doctor", "--json", "--config=x.toml"]] {
        assert!(
            matches!(invoked(arguments), Ok(Invocation::Doctor { sources, json: true, attach: false }) if sources.file == FileChoice::Named("x.toml".into()))
        );
    }
    assert!(
        matches!(invoked(&["doctor", "--attach"]), Ok(Invocation::Doctor { sources, json: false, attach: true }) if sources.file == FileChoice::Default)
    );
    assert!(
        matches!(invoked(&["convert", "x.conf", "--section", "s"]), Ok(Invocation::Convert { section, .. }) if section == "s")
    );
    assert!(matches!(invoked(&["config", "default"]), Ok(Invocation::PrintDefault)));
    assert!(matches!(invoked(&["--print-default-config"]), Ok(Invocation::PrintDefault)));
    assert!(matches!(invoked(&["-v"]), Ok(Invocation::Version)));
    assert!(matches!(invoked(&["--version"]), Ok(Invocation::Version)));
    assert!(
        matches!(invoked(&["--nftables-stop"]), Ok(Invocation::Act(option, _)) if option.name == "nftables-stop")
    );
}

#[test]
fn help_lists_every_option() {
    let Ok(Invocation::Help(text)) = invoked(&["--help"]) else { panic!("no help") };
    for option in crate::config::options::all() {
        assert!(text.contains(&format!("--{}", option.name)), "{}", option.name);
    }
    assert!(text.contains("convert"));
}

#[test]
fn errors_name_the_nearest() {
    for (arguments, want) in [
        (&["--tiemout=3"][..], "unknown option --tiemout (did you mean --timeout?)"),
        (&["--listen_ng", "3"], "unknown option --listen_ng (did you mean --listen-ng?)"),
        (&["--zzz"], "unknown option --zzz (did you mean --tos?)"),
        (&["-y"], "unknown option -y (rtpengine --help lists all)"),
        (&["chekc", "x"], "`chekc` is neither an option nor a sub-command (did you mean `check`?)"),
        (&["--tos=many"], "--tos: `tos`: `many` is not a whole number (a whole number from 0 to 255)"),
        (
            &["--foreground=maybe"],
            "--foreground: `foreground`: `maybe` is neither true nor false (write true or false)",
        ),
        (
            &["--mqtt-publish-qos=3"],
            "--mqtt-publish-qos: `mqtt-publish-qos`: 3 is not within 0 to 2 (a whole number from 0 to 2)",
        ),
    ] {
        assert_eq!(invoked(arguments).unwrap_err(), [want], "{arguments:?}");
    }
}

#[test]
fn every_bad_value_is_told() {
    assert_eq!(invoked(&["--tos=x", "--timeout=y"]).unwrap_err().len(), 2);
}
