//! Where the table goes: refreshed in place on a terminal, now and then a line elsewhere.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Seconds between two lines when nobody watches.
const SPARSELY: usize = 3;

/// Standard output.
pub(crate) struct Screen {
    terminal: bool,
    /// Lines that fit.
    height: usize,
    /// Lines drawn last time, to go back over; off a terminal, lines printed so far.
    drawn: AtomicUsize,
}

impl Screen {
    /// Looks what standard output is. An interrupted demo shows the cursor again.
    pub(crate) fn new() -> Screen {
        let terminal = std::io::stdout().is_terminal();
        lab::on_interrupt(move || {
            let mut out = std::io::stdout();
            let show = if terminal { "\x1b[?25h" } else { "" };
            // Nobody is left to be told that this failed.
            let _ = writeln!(out, "{show}\ninterrupted; removing namespaces and processes");
            let _ = out.flush();
        });
        // The last line of a terminal is where the cursor waits.
        let height = if terminal { height().unwrap_or(24).saturating_sub(2) } else { usize::MAX };
        Screen { terminal, height, drawn: AtomicUsize::new(0) }
    }

    /// Shows what `lines` makes of the available height. Off a terminal: its last line every three seconds, and
    /// everything when `finished`.
    pub(crate) fn show(
        &self,
        finished: bool,
        elapsed: Duration,
        lines: impl FnOnce(usize) -> Vec<String>,
    ) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let drawn = self.drawn.load(Ordering::Relaxed);
        if self.terminal {
            // What was shortened to fit is shown in full at the end.
            let lines = lines(if finished { usize::MAX } else { self.height });
            let back = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
            write!(out, "\x1b[?25l{back}\r")?;
            for line in &lines {
                writeln!(out, "{line}\x1b[K")?;
            }
            write!(out, "\x1b[J")?;
            self.drawn.store(lines.len(), Ordering::Relaxed);
        } else if finished {
            lines(usize::MAX).iter().try_for_each(|line| writeln!(out, "{line}"))?;
        } else if elapsed.as_secs() as usize >= SPARSELY * (drawn + 1) {
            writeln!(out, "{}", lines(usize::MAX).last().map_or("", String::as_str))?;
            self.drawn.store(drawn + 1, Ordering::Relaxed);
        }
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.terminal {
            let mut out = std::io::stdout();
            // A cursor that stays hidden is a nuisance, not an error.
            let _ = write!(out, "\x1b[?25h");
            let _ = out.flush();
        }
    }
}

/// The terminal's height in lines.
fn height() -> Option<usize> {
    // stty asks its standard input, which may be the terminal even if it is not ours.
    let out = Command::new("stty").arg("size").stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.split_whitespace().next()?.parse().ok().filter(|&lines| lines > 0)
}
