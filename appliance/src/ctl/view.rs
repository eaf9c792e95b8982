//! The page of `top`: from two looks at the daemon to what is on the screen. No terminal in here.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Row, Table};
use serde_json::Value;
use std::collections::HashMap;

/// What is to be shown.
#[derive(Debug, Default)]
pub struct View {
    /// Where the daemon is, for the first line.
    place: String,
    now: Value,
    /// Packets of each stream at the look before, by call, tag and port.
    before: HashMap<String, u64>,
    /// Drops by reason at the look before.
    drops_before: HashMap<String, u64>,
    /// Seconds between the two looks; zero when there was only one.
    seconds: f64,
    /// First stream that is shown.
    scroll: usize,
    /// What went wrong with the last look.
    wrong: Option<String>,
}

impl View {
    /// An empty page.
    pub fn new(place: String) -> View {
        View { place, ..View::default() }
    }

    /// Takes the next look, `seconds` after the one before.
    ///
    /// # Errors
    /// When it is not what `list streams` prints.
    pub fn take(&mut self, page: &str, seconds: f64) -> Result<(), String> {
        let next: Value = serde_json::from_str(page).map_err(|_| {
            format!("the daemon does not know `list streams`: {}", page.lines().next().unwrap_or_default())
        })?;
        let first = self.now.is_null();
        let streams = list(&self.now, "streams").iter();
        self.before = streams.map(|stream| (name(stream), number(stream, "packets"))).collect();
        let drops = list(&self.now, "drops").iter();
        self.drops_before =
            drops.map(|drop| (text(drop, "reason").to_owned(), number(drop, "packets"))).collect();
        self.now = next;
        self.seconds = if first { 0.0 } else { seconds };
        self.wrong = None;
        Ok(())
    }

    /// The last look failed; what was seen before stays.
    pub fn fail(&mut self, wrong: String) {
        self.wrong = Some(wrong);
    }

    /// Moves through the streams, down if positive.
    pub fn scroll(&mut self, by: isize) {
        let last = list(&self.now, "streams").len().saturating_sub(1);
        self.scroll = self.scroll.saturating_add_signed(by).min(last);
    }

    /// Draws the page.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let head = self.head();
        let height = u16::try_from(head.len()).unwrap_or(u16::MAX);
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(height), Constraint::Min(2), Constraint::Length(1)])
                .areas(frame.area());
        frame.render_widget(Paragraph::new(head), top);
        self.table(frame, middle);
        let foot = match &self.wrong {
            Some(wrong) => Line::styled(wrong.clone(), Style::new().fg(Color::Red)),
            None => Line::styled(
                "q quit   arrows and page keys scroll   MOS is reckoned from loss and jitter",
                dim(),
            ),
        };
        frame.render_widget(Paragraph::new(foot), bottom);
    }

    fn head(&self) -> Vec<Line<'static>> {
        let now = &self.now;
        let (all, fast) = (number(now, "packets_per_second"), number(now, "fast_packets_per_second"));
        let percent = (fast * 100).checked_div(all).unwrap_or(0);
        let megabits = number(now, "bytes_per_second") as f64 * 8.0 / 1e6;
        let up = number(now, "uptime");
        let mut first = vec![
            Span::styled("rtpengine", Style::new().add_modifier(Modifier::BOLD)),
            Span::raw(format!(
                " {}  up {}:{:02}:{:02}  calls {}  {all} packets/s ({percent} % by fast paths)  {megabits:.1} Mbit/s",
                self.place,
                up / 3600,
                up / 60 % 60,
                up % 60,
                number(now, "calls"),
            )),
        ];
        if now["draining"] == Value::Bool(true) {
            first.push(Span::styled("  DRAINING", Style::new().fg(Color::Yellow)));
        }
        let paths = joined(now, "paths", |entry| {
            format!("{} {} {}", text(entry, "path"), text(entry, "reason"), number(entry, "streams"))
        });
        let drops = joined(now, "drops", |entry| {
            let (reason, packets) = (text(entry, "reason"), number(entry, "packets"));
            let since = packets.saturating_sub(self.drops_before.get(reason).copied().unwrap_or(packets));
            let rate = if self.seconds > 0.0 { since as f64 / self.seconds } else { 0.0 };
            format!("{reason} {packets} ({rate:.0}/s)")
        });
        let queues = joined(now, "queues", |entry| {
            format!("{} {}/{}", text(entry, "thread"), number(entry, "orders"), number(entry, "room"))
        });
        let ports = joined(now, "ports", |entry| {
            let (used, all) = (number(entry, "used"), number(entry, "ports"));
            format!("{} {} {used}/{all}", text(entry, "name"), text(entry, "address"))
        });
        let nics: Vec<&str> = list(now, "nic_queues").iter().filter_map(Value::as_str).collect();
        let ill = joined(now, "oneway", |entry| format!("{} {}", text(entry, "cause"), number(entry, "now")));
        let mut lines = vec![Line::from(first)];
        let rows = [
            ("paths", paths),
            ("drops", drops),
            ("queues", queues),
            ("NICs", nics.join(" · ")),
            ("ports", ports),
        ];
        for (label, content) in rows.into_iter().filter(|(_, content)| !content.is_empty()) {
            lines.push(Line::from(vec![Span::styled(format!("{label:<8}"), dim()), Span::raw(content)]));
        }
        if !ill.is_empty() {
            lines.push(Line::styled(format!("one-way {ill}"), Style::new().fg(Color::Red)));
        }
        lines.push(Line::default());
        lines
    }

    fn table(&self, frame: &mut Frame<'_>, area: Rect) {
        let columns = columns(area.width);
        let header = Row::new(columns.iter().map(|at| COLUMNS[*at].0));
        let widths = columns.iter().map(|at| match COLUMNS[*at] {
            ("CALL", least) => Constraint::Min(least),
            (_, width) => Constraint::Length(width),
        });
        let rows =
            list(&self.now, "streams").iter().skip(self.scroll).map(|stream| self.row(stream, &columns));
        let table =
            Table::new(rows, widths).header(header.style(Style::new().add_modifier(Modifier::REVERSED)));
        frame.render_widget(table, area);
    }

    fn row(&self, stream: &Value, columns: &[usize]) -> Row<'static> {
        let packets = number(stream, "packets");
        let before = self.before.get(&name(stream)).copied();
        let rate = match before {
            Some(before) if self.seconds > 0.0 => {
                format!("{:.0}", packets.saturating_sub(before) as f64 / self.seconds)
            }
            _ => "-".to_owned(),
        };
        let decimal = |key: &str, digits: usize| match stream[key].as_f64() {
            Some(value) => format!("{value:.digits$}"),
            None => "-".to_owned(),
        };
        let jitter = match stream["jitter_ms"].as_f64() {
            Some(value) => format!("{value:.1} ms"),
            None => "-".to_owned(),
        };
        let ill = text(stream, "unheard");
        let cells = [
            clean(text(stream, "call")),
            clean(text(stream, "tag")),
            text(stream, "local").to_owned(),
            text(stream, "peer").to_owned(),
            text(stream, "path").to_owned(),
            text(stream, "reason").to_owned(),
            rate,
            decimal("loss_percent", 1),
            jitter,
            decimal("mos", 2),
            number(stream, "dropped").to_string(),
            ill.to_owned(),
        ];
        let row = Row::new(columns.iter().map(|at| cells[*at].clone()));
        if ill.is_empty() { row } else { row.style(Style::new().fg(Color::Red)) }
    }
}

/// Columns of the table of streams, and how wide they are; the first takes what is left.
const COLUMNS: [(&str, u16); 12] = [
    ("CALL", 16),
    ("TAG", 8),
    ("PORT", 21),
    ("PEER", 21),
    ("PATH", 9),
    ("REASON", 15),
    ("PKT/S", 6),
    ("LOSS %", 6),
    ("JITTER", 8),
    ("MOS", 4),
    ("DROPPED", 7),
    ("UNHEARD", 19),
];

/// What a narrow terminal does without, in this order. Who is not heard is red all the same.
const SPARE: [&str; 5] = ["PORT", "UNHEARD", "PEER", "TAG", "DROPPED"];

/// The columns, by their place in [`COLUMNS`], that so many characters have room for.
fn columns(width: u16) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..COLUMNS.len()).collect();
    let wide = |shown: &[usize]| shown.iter().map(|at| COLUMNS[*at].1 + 1).sum::<u16>() - 1;
    for spare in SPARE {
        if wide(&shown) <= width {
            break;
        }
        shown.retain(|at| COLUMNS[*at].0 != spare);
    }
    shown
}

fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or(0)
}

fn joined(value: &Value, key: &str, each: impl Fn(&Value) -> String) -> String {
    list(value, key).iter().map(each).collect::<Vec<_>>().join(" · ")
}

/// What tells a stream from the others.
fn name(stream: &Value) -> String {
    format!("{}\n{}\n{}", text(stream, "call"), text(stream, "tag"), text(stream, "local"))
}

/// Call-IDs and tags come from the network; a terminal obeys control characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn page(packets: u64) -> String {
        format!(
            r#"{{"uptime":3725,"calls":1,"draining":true,"packets_per_second":100,"bytes_per_second":125000,
            "fast_packets_per_second":50,"oneway":[{{"cause":"no-ingress","now":1}}],
            "paths":[{{"path":"driver","reason":"on-fast-path","streams":2}}],"nic_queues":["eth0 queue 0: zero-copy"],
            "queues":[{{"thread":"poll-0","orders":3,"room":4096}}],"drops":[{{"reason":"not-media","packets":{packets}}}],
            "ports":[{{"name":"ext","address":"192.0.2.1","used":4,"ports":10000}}],
            "streams":[{{"call":"c\u001b[2J1","tag":"a","local":"192.0.2.1:30000","peer":"198.51.100.2:4000","path":"driver",
            "reason":"on-fast-path","packets":{packets},"dropped":7,"loss_percent":1.25,"jitter_ms":2.5,"mos":4.21,
            "unheard":"no-ingress"}}]}}"#
        )
    }

    fn screen(view: &View) -> String {
        let mut terminal = Terminal::new(TestBackend::new(180, 16)).unwrap();
        terminal.draw(|frame| view.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn two_looks_make_a_page_with_rates() {
        let mut view = View::new("127.0.0.1:2224".to_owned());
        view.take(&page(1000), 0.0).unwrap();
        assert!(screen(&view).contains("not-media 1000 (0/s)"));
        view.take(&page(1100), 2.0).unwrap();
        let shown = screen(&view);
        for part in [
            "rtpengine 127.0.0.1:2224  up 1:02:05  calls 1  100 packets/s (50 % by fast paths)  1.0 Mbit/s  DRAINING",
            "driver on-fast-path 2",
            "not-media 1100 (50/s)",
            "poll-0 3/4096",
            "ext 192.0.2.1 4/10000",
            "one-way no-ingress 1",
            "c?[2J1",
            "192.0.2.1:30000",
            "4.21",
            "2.5 ms",
        ] {
            assert!(shown.contains(part), "{part:?} is not in\n{shown}");
        }
        let row = shown.lines().find(|line| line.contains("c?[2J1")).unwrap();
        assert!(row.contains(" 50 "), "{row}");
        assert!(!shown.contains('\u{1b}'));
    }

    #[test]
    fn a_narrow_terminal_has_fewer_columns_and_whole_names() {
        let titles = |width| columns(width).iter().map(|at| COLUMNS[*at].0).collect::<Vec<_>>();
        assert_eq!(titles(180).len(), COLUMNS.len());
        assert!(!titles(132).contains(&"PORT") && titles(132).contains(&"PEER"));
        assert_eq!(titles(80), ["CALL", "PATH", "REASON", "PKT/S", "LOSS %", "JITTER", "MOS", "DROPPED"]);
        assert_eq!(titles(10)[0], "CALL");
    }

    #[test]
    fn what_is_no_page_is_told_and_the_old_one_stays() {
        let mut view = View::new(String::new());
        view.take(&page(1), 0.0).unwrap();
        let wrong = view.take("Unknown command: streams\n", 1.0).unwrap_err();
        view.fail(wrong);
        let shown = screen(&view);
        assert!(
            shown.contains("does not know `list streams`") && shown.contains("198.51.100.2:4000"),
            "{shown}"
        );
        view.scroll(5);
        assert!(screen(&view).contains("198.51.100.2:4000"), "the last stream stays in sight");
    }
}
