use super::Error;
use crate::config::checked::{self, RuleFamily};
use compat_procfs::rules::{Entrance, Family, Rules, RulesError, Standing, generation};

/// Keeps our firewall rules in place, one set for each table.
#[derive(Debug)]
pub(super) struct Keeper {
    rules: Vec<Rules>,
    /// nf_tables' own count of changes when the rules were last seen whole. `None`: look.
    seen: Option<u32>,
    /// The last complaint, so that it is made once.
    complaint: Option<String>,
}

/// The rules of the configuration for one table.
pub(super) fn wanted(rules: &checked::FirewallRules, table: u8) -> Rules {
    Rules {
        table: u32::from(table),
        families: rules
            .families
            .iter()
            .map(|family| match family {
                RuleFamily::Ip => Family::Ip,
                RuleFamily::Ip6 => Family::Ip6,
                RuleFamily::Inet => Family::Inet,
            })
            .collect(),
        chain: rules.chain.clone(),
        entrance: match &rules.entrance {
            checked::Entrance::JumpFrom(base) => Entrance::JumpFrom(base.clone()),
            checked::Entrance::Hook => Entrance::Hook,
            checked::Entrance::Elsewhere => Entrance::Elsewhere,
        },
        append: rules.append,
    }
}

impl Keeper {
    /// Writes the rules for these tables.
    ///
    /// # Errors
    /// [`Error::Rules`]; those of other tables are written all the same.
    pub(super) fn start(rules: &checked::FirewallRules, tables: &[u8]) -> (Keeper, Result<(), Error>) {
        let keeper = Keeper {
            rules: tables.iter().map(|table| wanted(rules, *table)).collect(),
            seen: None,
            complaint: None,
        };
        let mut result = Ok(());
        for (rules, &table) in keeper.rules.iter().zip(tables) {
            match rules.start() {
                Ok(()) => tracing::info!("firewall rules for kernel table {table}: chain {}", rules.chain),
                Err(cause) => result = Err(Error::Rules { table, cause }),
            }
        }
        (keeper, result)
    }

    /// Puts back what somebody has taken. Cheap while nobody touches any rules. True if it put something back.
    pub(super) fn check(&mut self) -> bool {
        match self.try_check() {
            Ok(restored) => {
                self.complaint = None;
                restored
            }
            Err(wrong) => {
                let text = wrong.to_string();
                if self.complaint.as_ref() != Some(&text) {
                    tracing::error!("the firewall rules for the kernel module are not in place: {text}");
                    self.complaint = Some(text);
                }
                false
            }
        }
    }

    fn try_check(&mut self) -> Result<bool, RulesError> {
        // Asked before the look: what changes during it is seen in the next turn.
        let now = generation()?;
        if self.seen == Some(now) {
            return Ok(false);
        }
        let mut whole = true;
        for rules in &self.rules {
            let standing = rules.status()?;
            if standing == Standing::Whole {
                continue;
            }
            whole = false;
            rules.start()?;
            tracing::warn!(
                "the firewall rules for kernel table {} were {}, probably by a firewall reload; they are restored",
                rules.table,
                if standing == Standing::Gone { "removed" } else { "removed in part" },
            );
        }
        self.seen = whole.then_some(now);
        Ok(!whole)
    }

    /// Removes our rules.
    pub(super) fn stop(&self) {
        for rules in &self.rules {
            match rules.stop() {
                Ok(()) => tracing::debug!("firewall rules for kernel table {} are removed", rules.table),
                Err(cause) => {
                    tracing::error!("firewall rules for kernel table {} stay: {cause}", rules.table);
                }
            }
        }
    }
}
