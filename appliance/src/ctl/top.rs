use super::{Place, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Streams that are asked for.
const STREAMS: usize = 200;
/// Size of the page where there is no terminal.
const PAGE: (u16, u16) = (180, 50);

/// Shows the live view until somebody presses `q`; with `once`, prints one page as text.
///
/// # Errors
/// In words for a person.
pub fn top(place: &Place, interval: Duration, once: bool) -> Result<(), String> {
    let mut view = View::new(place.host.clone());
    view.take(&look(place)?, 0.0)?;
    if once {
        return print(place, &mut view, interval);
    }
    let mut terminal = ratatui::try_init().map_err(|wrong| format!("this is no terminal: {wrong}"))?;
    let outcome = show(place, &mut view, &mut terminal, interval);
    ratatui::restore();
    outcome
}

fn look(place: &Place) -> Result<String, String> {
    place.ask_text(&format!("list streams {STREAMS}"))
}

/// Two looks, for the rates, and one page.
fn print(place: &Place, view: &mut View, interval: Duration) -> Result<(), String> {
    let begun = Instant::now();
    std::thread::park_timeout(interval);
    view.take(&look(place)?, begun.elapsed().as_secs_f64())?;
    let failed = |wrong: &dyn std::fmt::Display| wrong.to_string();
    let mut terminal = Terminal::new(TestBackend::new(PAGE.0, PAGE.1)).map_err(|wrong| failed(&wrong))?;
    terminal.draw(|frame| view.draw(frame)).map_err(|wrong| failed(&wrong))?;
    let cells = terminal.backend().buffer();
    let mut out = io::stdout().lock();
    for row in cells.content.chunks(usize::from(PAGE.0)) {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        writeln!(out, "{}", line.trim_end()).map_err(|wrong| failed(&wrong))?;
    }
    Ok(())
}

fn show(
    place: &Place,
    view: &mut View,
    terminal: &mut ratatui::DefaultTerminal,
    interval: Duration,
) -> Result<(), String> {
    let mut looked = Instant::now();
    loop {
        terminal.draw(|frame| view.draw(frame)).map_err(|wrong| wrong.to_string())?;
        let left = interval.saturating_sub(looked.elapsed());
        if event::poll(left).map_err(|wrong| wrong.to_string())? {
            let Event::Key(key) = event::read().map_err(|wrong| wrong.to_string())? else { continue };
            match key.code {
                _ if key.kind == KeyEventKind::Release => {}
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(()),
                KeyCode::Down | KeyCode::Char('j') => view.scroll(1),
                KeyCode::Up | KeyCode::Char('k') => view.scroll(-1),
                KeyCode::PageDown | KeyCode::Char(' ') => view.scroll(20),
                KeyCode::PageUp => view.scroll(-20),
                KeyCode::Home => view.scroll(isize::MIN),
                _ => {}
            }
            continue;
        }
        let seconds = looked.elapsed().as_secs_f64();
        looked = Instant::now();
        if let Err(wrong) = look(place).and_then(|page| view.take(&page, seconds)) {
            view.fail(wrong);
        }
    }
}
