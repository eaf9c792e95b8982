use super::keeper::wanted;
use crate::config::checked::FirewallRules;
use compat_procfs::rules::{RulesError, Standing};

/// What the classic options `--nftables-start`, `--nftables-stop` and `--nftables-status` do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesAction {
    /// Writes the rules.
    Start,
    /// Removes them.
    Stop,
    /// Says what is there of them.
    Status,
}

impl RulesAction {
    /// The action of an option's name.
    pub fn named(option: &str) -> Option<RulesAction> {
        match option {
            "nftables-start" => Some(RulesAction::Start),
            "nftables-stop" => Some(RulesAction::Stop),
            "nftables-status" => Some(RulesAction::Status),
            _ => None,
        }
    }
}

/// Acts on the rules for these tables. Returns lines for people, and whether it went well (for a question: whether all
/// rules are there).
///
/// # Errors
/// Why the kernel refused.
pub fn act_on_rules(
    action: RulesAction,
    rules: &FirewallRules,
    tables: &[u8],
) -> Result<(String, bool), RulesError> {
    let (mut text, mut good) = (String::new(), true);
    for &table in tables {
        let rules = wanted(rules, table);
        let said = match action {
            RulesAction::Start => {
                rules.start()?;
                "in place"
            }
            RulesAction::Stop => {
                rules.stop()?;
                "removed"
            }
            RulesAction::Status => {
                let standing = rules.status()?;
                good &= standing == Standing::Whole;
                match standing {
                    Standing::Whole => "in place",
                    Standing::Partly => "in place in part only",
                    Standing::Gone => "not in place",
                }
            }
        };
        text += &format!("Firewall rules for kernel table {table} (chain {}): {said}\n", rules.chain);
    }
    Ok((text, good))
}
