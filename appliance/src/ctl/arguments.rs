use super::Place;
use std::path::PathBuf;
use std::time::Duration;

/// How the tool is called.
pub const USAGE: &str = "\
Usage: rtpengine-ctl [-ip HOST[:PORT]] [-port PORT] [-timeout SECONDS] COMMAND...

Sends COMMAND to the command line interface of rtpengine (--listen-cli) and prints the reply.
Without -ip and -port: 127.0.0.1, port 2224, or 9900 if nothing listens there.
`rtpengine-ctl help` asks the daemon for its commands. These are done here:

  top [--once] [--interval SECONDS]    a live view of calls, streams, paths and drops; q ends it
  trace CALLID [-w FILE|-] [--seconds N]
                                       the packets of a call, in clear where the daemon has the keys, as a pcap file
  drain [exit|stay] [--wait]           with --wait: until no call is left
  plan CALLS [--measure SECONDS]       ports, addresses, cores and bandwidth for so many calls, measured on this host
  doctor [OPTIONS]                     as `rtpengine doctor`, with its options
";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Print how the tool is called.
    Help,
    /// Print the version.
    Version,
    /// Send a line.
    Line(Place, String),
    /// Send a line and wait until no call is left.
    Drain(Place, String),
    /// The live view.
    Top {
        /// The daemon.
        place: Place,
        /// Between two looks.
        interval: Duration,
        /// Print one page and end.
        once: bool,
    },
    /// A trace.
    Trace {
        /// The daemon.
        place: Place,
        /// The call.
        call_id: String,
        /// Where to; `None` is standard output.
        file: Option<PathBuf>,
        /// Ends after this.
        length: Option<Duration>,
    },
    /// The plan.
    Plan {
        /// For so many calls.
        calls: u64,
        /// How long is measured.
        measure: Duration,
    },
    /// The doctor, with these words.
    Doctor(Vec<String>),
}

/// Reads the arguments, without the program's name.
///
/// # Errors
/// What is wrong with them.
pub fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut place = Place::default();
    let mut rest = arguments;
    while let [first, others @ ..] = rest {
        let Some(option) = first.strip_prefix('-') else { break };
        let option = option.strip_prefix('-').unwrap_or(option);
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        match name {
            "h" | "help" => return Ok(Request::Help),
            "version" => return Ok(Request::Version),
            "ip" | "port" | "timeout" => {}
            _ => return Err(format!("unknown option {first} (did you mean -ip?)")),
        }
        let value = match (value, others) {
            (Some(value), _) => {
                rest = others;
                value
            }
            (None, [value, others @ ..]) => {
                rest = others;
                value
            }
            (None, []) if name == "ip" => return Err("-ip needs HOST or HOST:PORT".to_owned()),
            (None, []) => return Err(format!("-{name} needs a number")),
        };
        match name {
            "ip" => place.set(value)?,
            "port" => place.ports = vec![value.parse().map_err(|_| format!("`{value}` is no port"))?],
            _ => place.patience = seconds(value)?,
        }
    }
    let [verb, words @ ..] = rest else { return Err("there is no command".to_owned()) };
    match verb.as_str() {
        "top" => top(place, words),
        "trace" if !matches!(words.first().map(String::as_str), None | Some("start" | "read" | "stop")) => {
            trace(place, words)
        }
        "plan" => plan(words),
        "doctor" => Ok(Request::Doctor(words.to_vec())),
        "drain" if words.iter().any(|word| word == "--wait") => {
            let words = words.iter().filter(|word| *word != "--wait");
            let line = std::iter::once(verb).chain(words).map(String::as_str).collect::<Vec<_>>().join(" ");
            Ok(Request::Drain(place, line))
        }
        _ => Ok(Request::Line(place, rest.join(" "))),
    }
}

fn top(place: Place, words: &[String]) -> Result<Request, String> {
    let (mut interval, mut once) = (Duration::from_secs(1), false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--once" => once = true,
            "--interval" => interval = seconds(words.next().ok_or("--interval needs seconds")?)?,
            other => return Err(format!("top does not know {other}")),
        }
    }
    Ok(Request::Top { place, interval, once })
}

fn trace(place: Place, words: &[String]) -> Result<Request, String> {
    let (mut call_id, mut file, mut length) = (None, None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-w" | "--write" => file = Some(words.next().ok_or("-w needs a file, or -")?.clone()),
            "--seconds" => length = Some(seconds(words.next().ok_or("--seconds needs a number")?)?),
            id if call_id.is_none() => call_id = Some(id.to_owned()),
            other => return Err(format!("trace does not know {other}")),
        }
    }
    let call_id = call_id.ok_or("trace needs a Call-ID")?;
    let file = match file.as_deref() {
        Some("-") => None,
        Some(file) => Some(PathBuf::from(file)),
        None => Some(PathBuf::from(file_name(&call_id))),
    };
    Ok(Request::Trace { place, call_id, file, length })
}

/// A Call-ID may have anything in it.
fn file_name(call_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
    let name: String = call_id.chars().take(100).map(plain).collect();
    format!("{}.pcap", name.trim_start_matches(['.', '-']))
}

fn plan(words: &[String]) -> Result<Request, String> {
    let (mut calls, mut measure) = (None, Duration::from_secs(2));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--measure" => measure = seconds(words.next().ok_or("--measure needs seconds")?)?,
            number if calls.is_none() => {
                let number: u64 = number.parse().map_err(|_| format!("`{number}` is no number of calls"))?;
                calls = Some(number).filter(|calls| (1..=10_000_000).contains(calls));
            }
            other => return Err(format!("plan does not know {other}")),
        }
    }
    let calls = calls.ok_or("plan needs a number of calls")?;
    Ok(Request::Plan { calls, measure: measure.min(Duration::from_secs(60)) })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
    if !(0.05..=1e9).contains(&number) {
        return Err(format!("{text} seconds are too few or too many"));
    }
    Ok(Duration::from_secs_f64(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Request, String> {
        parse(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    fn line(arguments: &[&str]) -> (String, Vec<u16>, String) {
        match parsed(arguments).unwrap() {
            Request::Line(place, line) => (place.host, place.ports, line),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_classic_spellings_work() {
        let want = ("10.0.0.1".to_owned(), vec![9901], "list totals".to_owned());
        for arguments in [
            &["-ip", "10.0.0.1:9901", "list", "totals"][..],
            &["-ip=10.0.0.1:9901", "list", "totals"],
            &["--ip=10.0.0.1:9901", "list totals"],
            &["-ip", "10.0.0.1", "-port", "9901", "list", "totals"],
            &["-port=9901", "-timeout", "3", "-ip", "10.0.0.1", "list", "totals"],
        ] {
            assert_eq!(line(arguments), want);
        }
        assert_eq!(line(&["ping"]).1, [2224, 9900]);
        assert_eq!(line(&["-ip", "::1", "ping"]).0, "::1");
        assert_eq!(line(&["-ip", "[::1]:99", "ping"]).1, [99]);
        // an option of the command, not ours
        assert_eq!(line(&["set", "loglevel", "-1"]).2, "set loglevel -1");
        assert_eq!(line(&["drain", "stay"]).2, "drain stay");
        assert_eq!(line(&["trace", "read", "x"]).2, "trace read x");
    }

    #[test]
    fn verbs_of_the_tool_have_options() {
        let trace = parsed(&["trace", "a/b c", "--seconds", "2"]).unwrap();
        let Request::Trace { file, length, call_id, .. } = trace else { panic!("{trace:?}") };
        assert_eq!(file, Some(PathBuf::from("a_b_c.pcap")));
        assert_eq!((length, call_id.as_str()), (Some(Duration::from_secs(2)), "a/b c"));
        assert!(matches!(parsed(&["trace", "x", "-w", "-"]).unwrap(), Request::Trace { file: None, .. }));
        assert!(matches!(parsed(&["top", "--once"]).unwrap(), Request::Top { once: true, .. }));
        assert!(matches!(parsed(&["plan", "5000"]).unwrap(), Request::Plan { calls: 5000, .. }));
        assert!(matches!(parsed(&["drain", "--wait"]).unwrap(), Request::Drain(_, line) if line == "drain"));
        assert!(matches!(parsed(&["-help"]).unwrap(), Request::Help));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (arguments, want) in [
            (&[][..], "there is no command"),
            (&["-ip"], "-ip needs HOST or HOST:PORT"),
            (&["-ipp", "x"], "unknown option -ipp (did you mean -ip?)"),
            (&["-ip", "host:port", "x"], "`host:port` has no good port"),
            (&["-port", "x", "y"], "`x` is no port"),
            (&["plan", "many"], "`many` is no number of calls"),
            (&["top", "--often"], "top does not know --often"),
        ] {
            assert_eq!(parsed(arguments).unwrap_err(), want);
        }
    }
}
