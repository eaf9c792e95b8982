use super::Place;
use crate::record::{Link, PcapWriter};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two looks for packets.
const LOOK: Duration = Duration::from_millis(100);

/// Writes the packets of a call to a file (`None`: to standard output) until the call ends, the time is over, or somebody
/// presses Ctrl-C. What it has done is said on standard error.
///
/// # Errors
/// In words for a person.
pub fn trace(
    place: &Place,
    call_id: &str,
    file: Option<&Path>,
    length: Option<Duration>,
) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(|wrong| wrong.to_string())?;
    }
    let begun = place.ask_text(&format!("trace start {call_id}"))?;
    refused(&begun)?;
    if let Some(moved) = begun.lines().find_map(|line| line.strip_prefix("# moved ")) {
        let _ = writeln!(io::stderr(), "ports on another path meanwhile: {moved}");
    }
    let broken = |wrong: io::Error| match file {
        Some(file) => format!("{}: {wrong}", file.display()),
        None => wrong.to_string(),
    };
    let open = || -> io::Result<Box<dyn Write>> {
        Ok(match file {
            Some(file) => Box::new(BufWriter::new(File::create(file)?)),
            None => Box::new(io::stdout().lock()),
        })
    };
    let written = open().and_then(|out| PcapWriter::new(out, Link::Raw)).map_err(broken);
    let outcome = written.and_then(|pcap| {
        let mut trace = Trace { pcap, packets: 0, lost: 0 };
        let copied = trace.copy(place, call_id, &stop, length.map(|length| Instant::now() + length));
        copied.map(|()| trace)
    });
    if outcome.is_err() {
        // The first error is the one to tell.
        let _ = place.ask_text(&format!("trace stop {call_id}"));
    }
    let trace = outcome?;
    let to = file.map_or_else(|| "standard output".to_owned(), |file| file.display().to_string());
    let lost = if trace.lost > 0 { format!(", {} more were not copied", trace.lost) } else { String::new() };
    let _ = writeln!(io::stderr(), "{} packets to {to}{lost}", trace.packets);
    Ok(())
}

struct Trace<W> {
    pcap: PcapWriter<W>,
    packets: u64,
    lost: u64,
}

impl<W: Write> Trace<W> {
    fn copy(
        &mut self,
        place: &Place,
        call_id: &str,
        stop: &AtomicBool,
        until: Option<Instant>,
    ) -> Result<(), String> {
        loop {
            let over = stop.load(Ordering::Relaxed) || until.is_some_and(|until| Instant::now() >= until);
            let page = place.ask_text(&format!("trace {} {call_id}", if over { "stop" } else { "read" }))?;
            refused(&page)?;
            for line in page.lines().filter(|line| !line.starts_with('#')) {
                let (wall_us, from, to, payload) =
                    read(line).ok_or_else(|| format!("not a packet: {line}"))?;
                let added = self.pcap.add(wall_us, from, to, &payload).map_err(|wrong| wrong.to_string())?;
                self.packets += u64::from(added);
            }
            self.pcap.flush().map_err(|wrong| wrong.to_string())?;
            for note in page.lines().filter_map(|line| line.strip_prefix("# ")) {
                if let Some(lost) = note.strip_prefix("lost ") {
                    self.lost += lost.parse::<u64>().unwrap_or(0);
                }
            }
            if over || page.ends_with("# ended\n") {
                return Ok(());
            }
            if !page.ends_with("# more\n") {
                std::thread::park_timeout(LOOK);
            }
        }
    }
}

fn refused(page: &str) -> Result<(), String> {
    match page.strip_prefix("# refused: ") {
        Some(why) => Err(why.trim_end().to_owned()),
        None if page.starts_with('#') || page.starts_with(|c: char| c.is_ascii_digit()) => Ok(()),
        None => Err(format!("the daemon does not know traces: {}", page.trim_end())),
    }
}

/// `SECONDS.MICROSECONDS WAY FROM TO HEX`.
fn read(line: &str) -> Option<(u64, SocketAddr, SocketAddr, Vec<u8>)> {
    let mut words = line.split(' ');
    let (second, micro) = words.next()?.split_once('.')?;
    let wall_us = second.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(micro.parse().ok()?)?;
    let (_way, from, to) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let hex = words.next()?;
    let pairs = if hex == "-" { &[] } else { hex.as_bytes() };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    Some((wall_us, from, to, pairs.chunks(2).map(byte).collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_daemon_are_read() {
        let line = "1700000000.000007 in 198.51.100.2:4000 192.0.2.1:30000 8000ff";
        let (wall_us, from, to, payload) = read(line).unwrap();
        assert_eq!((wall_us, payload), (1_700_000_000_000_007, vec![0x80, 0, 0xff]));
        assert_eq!((from.port(), to.port()), (4000, 30000));
        assert!(read("1.000000 out [::1]:1 [::2]:2 -").unwrap().3.is_empty());
        for bad in
            ["", "1.0 in 1.2.3.4:5 6.7.8.9:1", "x in 1.2.3.4:5 1.2.3.4:6 00", "1.0 in 1.2.3.4:5 1.2.3.4:6 0g"]
        {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(refused("# refused: Call ID not found\n").is_err());
        assert!(refused("Unknown command: trace\n").is_err());
    }
}
