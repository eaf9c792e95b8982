use super::command::SUBCOMMANDS;
use crate::config::finding::{Finding, Place};
use crate::config::nearest::nearest;
use crate::config::options;
use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// clap's error in one line, with the nearest known option.
pub(super) fn usage_error(wrong: &Error) -> Finding {
    let context = |kind| match wrong.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).or_else(|| context(ContextKind::InvalidSubcommand));
    match (wrong.kind(), argument) {
        (ErrorKind::UnknownArgument, Some(argument)) if argument.starts_with("--") => {
            let name = argument.trim_start_matches('-').split('=').next().unwrap_or_default().to_owned();
            let finding = Finding::error(Place::Nowhere, format!("unknown option --{name}"));
            match options::nearest(&name) {
                Some(known) => finding.hint(format!("did you mean --{known}?")),
                None => finding,
            }
        }
        (ErrorKind::UnknownArgument, Some(argument)) if argument.starts_with('-') => {
            Finding::error(Place::Nowhere, format!("unknown option {argument}"))
                .hint("rtpengine --help lists all")
        }
        (ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand, Some(argument)) => {
            let known = nearest(&argument, SUBCOMMANDS.iter().copied()).unwrap_or_default();
            Finding::error(Place::Nowhere, format!("`{argument}` is neither an option nor a sub-command"))
                .hint(format!("did you mean `{known}`?"))
        }
        _ => {
            let text = wrong.to_string();
            let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Finding::error(Place::Nowhere, first).hint("rtpengine --help lists all options")
        }
    }
}
