//! Sends one line to the daemon's command line interface and prints the reply.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

/// Ports that are tried when none is given: the one of packages, and the one of old.
const PORTS: [u16; 2] = [2224, 9900];
/// How long to wait for a connection, and for each piece of the reply.
const PATIENCE: Duration = Duration::from_secs(5);

const USAGE: &str = "\
Usage: rtpengine-ctl [-ip HOST[:PORT]] COMMAND...

Sends COMMAND to the command line interface of rtpengine (--listen-cli) and prints the reply.
Without -ip: 127.0.0.1, port 2224, or 9900 if nothing listens there.
`rtpengine-ctl help` asks the daemon for its commands.
";

/// Where to connect, and what to say.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    host: String,
    ports: Vec<u16>,
    line: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wants_help = matches!(arguments.first().map(String::as_str), Some("-h" | "--help" | "-help"));
    let request = match parse(&arguments) {
        _ if wants_help => {
            let _ = io::stdout().write_all(USAGE.as_bytes());
            return ExitCode::SUCCESS;
        }
        Ok(request) => request,
        Err(wrong) => {
            let _ = write!(io::stderr(), "rtpengine-ctl: {wrong}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match exchange(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            let _ = writeln!(io::stderr(), "rtpengine-ctl: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut host = "127.0.0.1".to_owned();
    let mut ports = PORTS.to_vec();
    let mut rest = arguments;
    while let [first, others @ ..] = rest {
        let Some(option) = first.strip_prefix('-') else { break };
        let option = option.strip_prefix('-').unwrap_or(option);
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        if name != "ip" {
            return Err(format!("unknown option {first} (did you mean -ip?)"));
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
            (None, []) => return Err("-ip needs HOST or HOST:PORT".to_owned()),
        };
        (host, ports) = place(value)?;
    }
    if rest.is_empty() {
        return Err("there is no command".to_owned());
    }
    Ok(Request { host, ports, line: rest.join(" ") })
}

/// `HOST`, `HOST:PORT`, `[V6]`, `[V6]:PORT` or a bare IPv6 address.
fn place(text: &str) -> Result<(String, Vec<u16>), String> {
    let bare_v6 = text.parse::<std::net::Ipv6Addr>().is_ok();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !bare_v6 && !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err(format!("`{text}` has no host"));
    }
    let ports = match port.map(str::parse::<u16>) {
        None => PORTS.to_vec(),
        Some(Ok(port)) => vec![port],
        Some(Err(_)) => return Err(format!("`{text}` has no good port")),
    };
    Ok((host.to_owned(), ports))
}

fn exchange(request: &Request) -> Result<(), String> {
    let mut stream = connect(request)?;
    let talk = |stream: &mut TcpStream| -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{}\n", request.line).as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut out = io::stdout().lock();
        let mut buffer = [0; 16_384];
        loop {
            match stream.read(&mut buffer)? {
                0 => return out.flush(),
                length => out.write_all(&buffer[..length])?,
            }
        }
    };
    talk(&mut stream).map_err(|wrong| match wrong.kind() {
        io::ErrorKind::WouldBlock => format!("no end of the reply within {} seconds", PATIENCE.as_secs()),
        _ => wrong.to_string(),
    })
}

fn connect(request: &Request) -> Result<TcpStream, String> {
    let mut last = format!("{} has no address", request.host);
    for port in &request.ports {
        let found = (request.host.as_str(), *port).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            found.map_err(|wrong| format!("{}: {wrong}", request.host))?.collect();
        for at in addresses {
            match TcpStream::connect_timeout(&at, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(wrong) => last = format!("cannot connect to {at}: {wrong} (is --listen-cli set?)"),
            }
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Request, String> {
        parse(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_classic_spellings_work() {
        let want = Request { host: "10.0.0.1".to_owned(), ports: vec![9901], line: "list totals".to_owned() };
        for arguments in [
            &["-ip", "10.0.0.1:9901", "list", "totals"][..],
            &["-ip=10.0.0.1:9901", "list", "totals"],
            &["--ip=10.0.0.1:9901", "list totals"],
        ] {
            assert_eq!(parsed(arguments).unwrap(), want);
        }
        assert_eq!(parsed(&["ping"]).unwrap().ports, PORTS);
        assert_eq!(parsed(&["-ip", "::1", "ping"]).unwrap().host, "::1");
        assert_eq!(parsed(&["-ip", "[::1]:99", "ping"]).unwrap().ports, [99]);
        // an option of the command, not ours
        assert_eq!(parsed(&["set", "loglevel", "-1"]).unwrap().line, "set loglevel -1");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (arguments, want) in [
            (&[][..], "there is no command"),
            (&["-ip"], "-ip needs HOST or HOST:PORT"),
            (&["-ipp", "x"], "unknown option -ipp (did you mean -ip?)"),
            (&["-ip", "host:port", "x"], "`host:port` has no good port"),
        ] {
            assert_eq!(parsed(arguments).unwrap_err(), want);
        }
    }
}
