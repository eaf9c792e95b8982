use super::page::Page;
use super::sender::{GraphiteError, Sender};
use crate::config::checked as config;
use crate::desk::{Desk, Spell, Worked};
use crate::export::commands::SHORT;
use crate::export::statistics::without;
use call::EndReason;
use flow::{Micros, Moment, Traffic};

/// What is sent to Graphite, and what was told there last: most figures are those of the time between two pages.
#[derive(Debug)]
pub struct Graphite {
    sender: Sender,
    prefix: String,
    interval: Micros,
    due: Moment,
    /// When the last page was made.
    told: Moment,
    before: Totals,
    /// Commands so far at the last look, which is once a second, and fewest and most in a second since the last page.
    seen: [u64; SHORT.len()],
    rates: [Option<(u64, u64)>; SHORT.len()],
    looked: Moment,
    /// Fewest and most calls since the last page.
    sessions: Option<(u64, u64)>,
}

/// Sums since the start.
#[derive(Clone, Debug, Default)]
struct Totals {
    commands: Vec<u64>,
    /// Of all calls, those that are up included.
    call_seconds: f64,
    /// Of ended calls.
    ended_seconds: f64,
    all_ended: u64,
    ended: [u64; REASONS.len()],
    rejected: u64,
    zero_way: u64,
    one_way: u64,
    all: Traffic,
    fast: Traffic,
}

/// Name of the figure, and the calls it counts, in upstream's order; refused calls come last.
const REASONS: [(&str, EndReason); 6] = [
    ("forced_term_sess", EndReason::ForceTerminated),
    ("regular_term_sess", EndReason::Terminated),
    ("silent_timeout_sess", EndReason::SilentTimeout),
    ("final_timeout_sess", EndReason::FinalTimeout),
    ("offer_timeout_sess", EndReason::OfferTimeout),
    ("timeout_sess", EndReason::Timeout),
];

impl Graphite {
    /// Begins to send; the first page follows after an interval.
    ///
    /// # Errors
    /// [`GraphiteError`] when there is no thread to send with.
    pub fn start(config: &config::Graphite, now: Moment) -> Result<Graphite, GraphiteError> {
        let interval = Micros(u64::try_from(config.interval.as_micros()).unwrap_or(u64::MAX));
        Ok(Graphite {
            sender: Sender::start(config.address, config.timeout)?,
            prefix: config.prefix.clone(),
            interval,
            due: now + interval,
            told: now,
            before: Totals::default(),
            seen: [0; SHORT.len()],
            rates: [None; SHORT.len()],
            looked: now,
            sessions: None,
        })
    }

    /// To be called once a second: looks at what changes, and sends a page when one is due.
    pub fn look(desk: &mut Desk) {
        let Some(mut graphite) = desk.graphite.take() else { return };
        graphite.take_note(desk);
        if graphite.due <= desk.clock.now() {
            let page = graphite.page(desk);
            if !graphite.sender.send(page) {
                tracing::debug!("Graphite has not taken the last figures yet; these are left out");
            }
        }
        desk.graphite = Some(graphite);
    }

    fn take_note(&mut self, desk: &Desk) {
        let now = desk.clock.now();
        let passed = now.since(self.looked).0.max(1);
        self.looked = now;
        let sessions = desk.book.len() as u64;
        self.sessions = Some(widened(self.sessions, sessions));
        for (nth, (command, _)) in SHORT.iter().enumerate() {
            let total = desk.tally.control.total(command);
            let rate = total.saturating_sub(self.seen[nth]).saturating_mul(1_000_000) / passed;
            self.seen[nth] = total;
            self.rates[nth] = Some(widened(self.rates[nth], rate));
        }
    }

    /// The page for the time since the last one.
    pub(super) fn page(&mut self, desk: &mut Desk) -> String {
        let worked = desk.worked();
        let stamp = desk.clock.stamp();
        let totals = totals(desk, &worked, stamp.at);
        let prefix = std::mem::take(&mut self.prefix);
        let mut page = Page::new(&prefix, stamp.wall_us / 1_000_000);
        self.commands(&mut page, &totals, desk, stamp.at);
        self.calls(&mut page, &totals, desk);
        self.traffic(&mut page, &totals);
        ports(&mut page, desk);
        let text = page.text();
        self.prefix = prefix;
        self.before = totals;
        self.told = stamp.at;
        self.sessions = None;
        self.rates = [None; SHORT.len()];
        while self.due <= stamp.at {
            self.due = self.due + self.interval;
        }
        text
    }

    fn commands(&self, page: &mut Page<'_>, totals: &Totals, desk: &mut Desk, now: Moment) {
        let spells = desk.tally.control.take_spells();
        let seconds = (now.since(self.told).0 / 1_000_000).max(1);
        for (nth, (command, _)) in SHORT.iter().enumerate() {
            let of = spells.get(command).copied().unwrap_or_default();
            let Spell { count, sum, least, most } = of;
            let average = if count == 0 { 0.0 } else { sum.0 as f64 / count as f64 / 1e6 };
            let (fewest, highest) = self.rates[nth].unwrap_or_default();
            let told = totals.commands[nth];
            page.decimal(&format!("{command}_time_min"), least.0 as f64 / 1e6);
            page.decimal(&format!("{command}_time_max"), most.0 as f64 / 1e6);
            page.decimal(&format!("{command}_time_avg"), average);
            page.line(&format!("{command}s_ps_min"), fewest);
            page.line(&format!("{command}s_ps_max"), highest);
            let before = self.before.commands.get(nth).copied().unwrap_or_default();
            page.line(&format!("{command}s_ps_avg"), (told - before) / seconds);
            page.line(&format!("{command}_count"), told);
        }
    }

    fn calls(&self, page: &mut Page<'_>, totals: &Totals, desk: &Desk) {
        let before = &self.before;
        let ended = totals.all_ended - before.all_ended;
        let seconds = totals.ended_seconds - before.ended_seconds;
        let average = if ended == 0 { 0.0 } else { seconds / ended as f64 };
        page.decimal("call_dur", (totals.call_seconds - before.call_seconds).max(0.0));
        page.decimal("average_call_dur", average);
        let now = desk.book.len() as u64;
        let (fewest, most) = self.sessions.unwrap_or((now, now));
        let reason = |page: &mut Page<'_>, nth: usize| {
            page.line(REASONS[nth].0, totals.ended[nth] - before.ended[nth]);
        };
        reason(page, 0);
        page.line("managed_sess", totals.all_ended);
        page.line("managed_sess_min", fewest);
        page.line("managed_sess_max", most);
        page.line("current_sessions_total", now);
        page.line("current_sessions_own", now);
        page.line("current_sessions_foreign", 0);
        page.line("current_transcoded_media", 0);
        for (name, calls) in ["ipv4", "ipv6", "mixed"].into_iter().zip(desk.census().families) {
            page.line(&format!("current_sessions_{name}"), calls);
        }
        page.line("nopacket_relayed_sess", totals.zero_way - before.zero_way);
        page.line("oneway_stream_sess", totals.one_way - before.one_way);
        (1..REASONS.len()).for_each(|nth| reason(page, nth));
        page.line("reject_sess", totals.rejected - before.rejected);
    }

    fn traffic(&self, page: &mut Page<'_>, totals: &Totals) {
        let all = without(totals.all, self.before.all);
        let fast = without(totals.fast, self.before.fast);
        for (name, traffic) in [("_user", without(all, fast)), ("_kernel", fast), ("", all)] {
            page.line(&format!("relayed_errors{name}"), traffic.errors);
            page.line(&format!("relayed_packets{name}"), traffic.packets);
            page.line(&format!("relayed_bytes{name}"), traffic.bytes);
        }
    }
}

fn widened(range: Option<(u64, u64)>, value: u64) -> (u64, u64) {
    range.map_or((value, value), |(least, most)| (least.min(value), most.max(value)))
}

fn totals(desk: &Desk, worked: &Worked, now: Moment) -> Totals {
    let tally = &desk.tally;
    let up = desk.book.iter().map(|call| now.since(call.created().at).0 as f64 / 1e6).sum::<f64>();
    Totals {
        commands: SHORT.iter().map(|(command, _)| tally.control.total(command)).collect(),
        call_seconds: tally.duration.0 + up,
        ended_seconds: tally.duration.0,
        all_ended: tally.all_ended(),
        ended: REASONS.map(|(_, reason)| tally.ended_for(reason)),
        rejected: tally.rejected,
        zero_way: tally.zero_way,
        one_way: tally.one_way,
        all: worked.all,
        fast: worked.fast,
    }
}

fn ports(page: &mut Page<'_>, desk: &Desk) {
    let interfaces = desk.book.interfaces();
    for interface in interfaces.all() {
        for id in &interface.addresses {
            let (usage, addr) = (desk.ports.usage(*id), interfaces.address(*id).addr);
            page.line(&format!("ports_free_{}_{addr}", interface.name), usage.size - usage.used);
            page.line(&format!("ports_used_{}_{addr}", interface.name), usage.used);
        }
    }
}
