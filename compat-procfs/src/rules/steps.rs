use super::message::{
    APPEND, Attributes, Batch, CREATE, DEL_CHAIN, DEL_RULE, GET_CHAIN, GET_GENERATION, GET_RULE, NEW_CHAIN,
    NEW_RULE, NEW_TABLE, mark,
};
use super::reply::{attribute, text};
use super::socket::{RulesError, Socket};
use nix::errno::Errno;

/// Families of nf_tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both in one table.
    Inet,
}

impl Family {
    fn number(self) -> u8 {
        match self {
            Family::Ip => 2,
            Family::Ip6 => 10,
            Family::Inet => 1,
        }
    }
}

/// Which rules lead to a kernel table. Rules of ours carry a comment with the table's number, and no other rule, chain
/// or policy is ever touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Number of the kernel table.
    pub table: u32,
    /// Where: usually [`Family::Ip`] and [`Family::Ip6`].
    pub families: Vec<Family>,
    /// Our own chain in the table `filter` (`nftables-chain`).
    pub chain: String,
    /// How packets come to our chain (`nftables-base-chain`).
    pub entrance: Entrance,
    /// The jump is the last rule and not the first (`nftables-append`).
    pub append: bool,
}

/// How packets come to our own chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// By a jump of ours from this chain on the hook input, which is made when it does not exist.
    JumpFrom(String),
    /// Our own chain is on the hook itself.
    Hook,
    /// By a jump that somebody else keeps.
    Elsewhere,
}

/// What is there of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of them.
    Whole,
    /// Some: a firewall reload may have taken the others.
    Partly,
    /// None.
    Gone,
}

const FILTER: &str = "filter";

fn table() -> Attributes {
    Attributes::default().text(1, FILTER)
}

fn chain(name: &str) -> Attributes {
    table().text(3, name)
}

/// A chain on the hook input, priority 0; new ones accept what they do not decide on.
fn hooked(name: &str) -> Attributes {
    let hook = Attributes::default().number(1, 1).number(2, 0);
    chain(name).nest(4, hook).number(5, 1).text(7, FILTER)
}

fn rule(chain: &str) -> Attributes {
    table().text(2, chain)
}

impl Rules {
    /// The chain with our jump.
    fn base_chain(&self) -> Option<&str> {
        match &self.entrance {
            Entrance::JumpFrom(base) => Some(base),
            Entrance::Hook | Entrance::Elsewhere => None,
        }
    }

    /// Puts every rule where it belongs. What is there of them already is replaced, so it can be done again at any
    /// time; all changes of a family happen at once.
    ///
    /// # Errors
    /// Why the kernel refused; nothing of that family is changed then.
    pub fn start(&self) -> Result<(), RulesError> {
        let mut socket = Socket::open()?;
        for &family in &self.families {
            let number = family.number();
            let mut batch = socket.batch();
            batch.push(NEW_TABLE, CREATE, number, &table());
            let mut found = Vec::new();
            if let Some(base) = self.base_chain() {
                if hook(&mut socket, family, base)?.is_some() {
                    found.extend(self.ours(&mut socket, family, base)?);
                } else {
                    batch.push(NEW_CHAIN, CREATE, number, &hooked(base));
                }
            }
            found.extend(self.ours(&mut socket, family, &self.chain)?);
            remove(&mut batch, family, &found);
            let on_hook = self.entrance == Entrance::Hook;
            let there = hook(&mut socket, family, &self.chain)?;
            if there == Some(!on_hook) {
                // Left over from another setting. The kernel refuses this while it has rules of others.
                batch.push(DEL_CHAIN, 0, number, &chain(&self.chain));
            }
            if there != Some(on_hook) {
                let own = if on_hook { hooked(&self.chain) } else { chain(&self.chain) };
                batch.push(NEW_CHAIN, CREATE, number, &own);
            }
            self.add_rules(&mut batch, number);
            socket.commit(batch, "our rules").map_err(|error| match error {
                // The table and the chains exist by now, so what is missing is the expression.
                RulesError::Refused { cause: Errno::ENOENT | Errno::EOPNOTSUPP, .. } => {
                    RulesError::NoExpression
                }
                error => error,
            })?;
        }
        Ok(())
    }

    /// Removes our rules, and our chain unless somebody else uses it. Not an error when they are gone already.
    ///
    /// # Errors
    /// Why the kernel refused.
    pub fn stop(&self) -> Result<(), RulesError> {
        let mut socket = Socket::open()?;
        for &family in &self.families {
            let mut found = Vec::new();
            if let Some(base) = self.base_chain() {
                found.extend(self.ours(&mut socket, family, base)?);
            }
            found.extend(self.ours(&mut socket, family, &self.chain)?);
            if !found.is_empty() {
                let mut batch = socket.batch();
                remove(&mut batch, family, &found);
                socket.commit(batch, "the removal of our rules")?;
            }
            if hook(&mut socket, family, &self.chain)?.is_some() && self.empty(&mut socket, family)? {
                let mut batch = socket.batch();
                batch.push(DEL_CHAIN, 0, family.number(), &chain(&self.chain));
                match socket.commit(batch, "the removal of our chain") {
                    // Another instance, or the operator, jumps to it.
                    Err(RulesError::Refused { cause: Errno::EBUSY, .. }) => {}
                    done => done?,
                }
            }
        }
        Ok(())
    }

    /// What is there of the rules.
    ///
    /// # Errors
    /// Why the kernel refused to tell.
    pub fn status(&self) -> Result<Standing, RulesError> {
        let mut socket = Socket::open()?;
        let (mut wanted, mut there) = (0, 0);
        for &family in &self.families {
            for chain in [Some(self.chain.as_str()), self.base_chain()].into_iter().flatten() {
                wanted += 1;
                there += usize::from(!self.ours(&mut socket, family, chain)?.is_empty());
            }
        }
        Ok(match there {
            0 => Standing::Gone,
            there if there == wanted => Standing::Whole,
            _ => Standing::Partly,
        })
    }

    fn add_rules(&self, batch: &mut Batch, family: u8) {
        let mark = mark(self.table);
        let own = match self.base_chain() {
            Some(_) => Attributes::default(),
            None => Attributes::default().udp(),
        };
        let own = rule(&self.chain).nest(4, own.counter().rtpengine(self.table)).bytes(7, &mark);
        batch.push(NEW_RULE, CREATE | APPEND, family, &own);
        if let Some(base) = self.base_chain() {
            let jump = Attributes::default().udp().counter().jump(&self.chain);
            let place = if self.append { CREATE | APPEND } else { CREATE };
            batch.push(NEW_RULE, place, family, &rule(base).nest(4, jump).bytes(7, &mark));
        }
    }

    /// Chain and handle of the rules that carry our mark.
    fn ours(
        &self,
        socket: &mut Socket,
        family: Family,
        chain: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, RulesError> {
        let mark = mark(self.table);
        let mut found = Vec::new();
        socket.dump(GET_RULE, family.number(), &rule(chain), |item| {
            // Kernels before 5.x dump more than was asked for.
            let here = attribute(item, 1).map(text) == Some(FILTER.as_bytes())
                && attribute(item, 2).map(text) == Some(chain.as_bytes());
            if here && attribute(item, 7) == Some(&mark[..]) {
                found.extend(attribute(item, 3).map(|handle| (chain.to_owned(), handle.to_vec())));
            }
        })?;
        Ok(found)
    }

    fn empty(&self, socket: &mut Socket, family: Family) -> Result<bool, RulesError> {
        let mut rules = 0;
        socket.dump(GET_RULE, family.number(), &rule(&self.chain), |item| {
            rules += usize::from(attribute(item, 2).map(text) == Some(self.chain.as_bytes()));
        })?;
        Ok(rules == 0)
    }
}

/// A number that changes with every change of anybody's rules in this network namespace.
///
/// # Errors
/// Why the kernel refused to tell.
pub fn generation() -> Result<u32, RulesError> {
    let mut socket = Socket::open()?;
    let mut found = 0;
    socket.ask(GET_GENERATION, &mut |item| {
        let number = attribute(item, 1).and_then(|value| value.try_into().ok());
        found = number.map_or(0, u32::from_be_bytes);
    })?;
    Ok(found)
}

/// Whether a chain is on a hook; `None` when it does not exist.
fn hook(socket: &mut Socket, family: Family, name: &str) -> Result<Option<bool>, RulesError> {
    let mut found = None;
    socket.dump(GET_CHAIN, family.number(), &table(), |item| {
        let here = attribute(item, 1).map(text) == Some(FILTER.as_bytes())
            && attribute(item, 3).map(text) == Some(name.as_bytes());
        if here {
            found = Some(attribute(item, 4).is_some());
        }
    })?;
    Ok(found)
}

fn remove(batch: &mut Batch, family: Family, rules: &[(String, Vec<u8>)]) {
    for (chain, handle) in rules {
        batch.push(DEL_RULE, 0, family.number(), &rule(chain).bytes(3, handle));
    }
}
