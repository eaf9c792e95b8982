//! The kernel module and the rules that lead to it.

use super::Builder;
use crate::config::checked::{Entrance, FirewallRules, Kernel, RuleFamily};
use crate::config::finding::{Finding, Places, Severity};
use crate::config::host::Host;
use crate::config::raw;

/// Highest table number of the kernel module.
pub(super) const HIGHEST_TABLE: u8 = 63;
/// nf_tables takes names of up to 127 bytes.
const LONGEST_NAME: usize = 127;

/// The kernel section alone, and every table that is used, for options that act on firewall rules and exit. The rest
/// of the configuration need not be good. Who asks for rules gets some: without `nftables-chain` they stand in a chain
/// that is named for the first table.
///
/// # Errors
/// All findings, at least one of which is an error.
pub fn kernel_alone(
    raw: &raw::Config,
    places: &Places,
    host: &Host,
) -> Result<(Kernel, Vec<u8>), Vec<Finding>> {
    let mut builder = Builder { places, host, findings: Vec::new() };
    let mut kernel = builder.kernel(&raw.kernel);
    let of_interfaces = raw.interface.iter().filter_map(|block| block.table);
    let mut tables: Vec<u8> = kernel.table.into_iter().chain(of_interfaces).collect();
    tables.sort_unstable();
    tables.dedup();
    if kernel.rules.is_none()
        && let Some(first) = tables.first()
    {
        let named = raw::Kernel { nftables_chain: Some(format!("rtpengine_{first}")), ..raw.kernel.clone() };
        kernel.rules = builder.rules(&named);
    }
    if tables.is_empty() {
        builder.wrong(
            "kernel.table",
            "no table of the kernel module is named",
            "set kernel.table, or --table",
        );
    }
    if builder.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(builder.findings);
    }
    Ok((kernel, tables))
}

impl Builder<'_> {
    pub(super) fn kernel(&mut self, raw: &raw::Kernel) -> Kernel {
        if raw.table.is_some_and(|table| table > HIGHEST_TABLE) {
            self.wrong("kernel.table", "the module has no such table", format!("0 to {HIGHEST_TABLE}"));
        }
        Kernel {
            table: raw.table,
            fallback: raw.fallback,
            rules: self.rules(raw),
            keep_flows: raw.keep_flows,
        }
    }

    /// What is said about chains is checked even when no chain of ours is named: `--nftables-start` uses it.
    fn rules(&mut self, raw: &raw::Kernel) -> Option<FirewallRules> {
        let chain = raw.nftables_chain.as_deref().unwrap_or_default();
        self.chain_name("kernel.nftables-chain", chain);
        let entrance = match raw.nftables_base_chain.as_str() {
            "" => Entrance::Hook,
            "none" => Entrance::Elsewhere,
            name => {
                self.chain_name("kernel.nftables-base-chain", name);
                if name == chain {
                    self.wrong(
                        "kernel.nftables-base-chain",
                        format!("the chain `{name}` cannot jump to itself"),
                        "leave it empty to put nftables-chain on the hook",
                    );
                }
                Entrance::JumpFrom(name.to_owned())
            }
        };
        let mut families = Vec::new();
        for word in raw.nftables_family.split(',') {
            let family = match word.trim() {
                "ip" => RuleFamily::Ip,
                "ip6" => RuleFamily::Ip6,
                "inet" => RuleFamily::Inet,
                other => {
                    let known = ["ip", "ip6", "inet"];
                    self.wrong_word("kernel.nftables-family", "a family of nf_tables", other, &known);
                    continue;
                }
            };
            if !families.contains(&family) {
                families.push(family);
            }
        }
        if families.contains(&RuleFamily::Inet) && families.len() > 1 {
            self.wrong("kernel.nftables-family", "inet is for both families already", "write inet alone");
        }
        let append = raw.nftables_append;
        (!chain.is_empty()).then(|| FirewallRules { chain: chain.to_owned(), entrance, append, families })
    }

    fn chain_name(&mut self, path: &str, name: &str) {
        if name.len() > LONGEST_NAME || name.contains(|c: char| c.is_control() || c.is_whitespace()) {
            self.wrong(
                path,
                format!("`{}` is no name for a chain", name.escape_debug()),
                format!("at most {LONGEST_NAME} bytes and no blanks"),
            );
        }
    }
}
