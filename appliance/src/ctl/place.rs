use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Ports that are tried when none is given: the one of packages, and the one of old.
const PORTS: [u16; 2] = [2224, 9900];

/// Where the daemon's text interface is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name or address.
    pub host: String,
    /// Ports to try, in this order.
    pub ports: Vec<u16>,
    /// How long to wait for a connection, and for each piece of a reply.
    pub patience: Duration,
}

impl Default for Place {
    fn default() -> Place {
        Place { host: "127.0.0.1".to_owned(), ports: PORTS.to_vec(), patience: Duration::from_secs(5) }
    }
}

impl Place {
    /// Takes `HOST`, `HOST:PORT`, `[V6]`, `[V6]:PORT` or a bare IPv6 address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let bare_v6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !bare_v6 && !text.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(format!("`{text}` has no host"));
        }
        match port.map(str::parse::<u16>) {
            None => {}
            Some(Ok(port)) => self.ports = vec![port],
            Some(Err(_)) => return Err(format!("`{text}` has no good port")),
        }
        host.clone_into(&mut self.host);
        Ok(())
    }

    /// Says a line and hands out the reply piece by piece.
    ///
    /// # Errors
    /// In words for a person.
    pub fn ask(&self, line: &str, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), String> {
        let mut stream = self.connect()?;
        let mut talk = || -> io::Result<()> {
            stream.set_read_timeout(Some(self.patience))?;
            stream.write_all(format!("{line}\n").as_bytes())?;
            stream.shutdown(Shutdown::Write)?;
            let mut buffer = [0; 16_384];
            loop {
                match stream.read(&mut buffer)? {
                    0 => return Ok(()),
                    length => take(&buffer[..length])?,
                }
            }
        };
        talk().map_err(|wrong| match wrong.kind() {
            io::ErrorKind::WouldBlock => {
                format!("no end of the reply within {} seconds", self.patience.as_secs())
            }
            _ => wrong.to_string(),
        })
    }

    /// The whole reply to a line.
    ///
    /// # Errors
    /// In words for a person.
    pub fn ask_text(&self, line: &str) -> Result<String, String> {
        let mut all = Vec::new();
        self.ask(line, |piece| {
            all.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(String::from_utf8_lossy(&all).into_owned())
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let mut last = format!("{} has no address", self.host);
        for port in &self.ports {
            let found = (self.host.as_str(), *port).to_socket_addrs();
            let addresses: Vec<SocketAddr> =
                found.map_err(|wrong| format!("{}: {wrong}", self.host))?.collect();
            for at in addresses {
                match TcpStream::connect_timeout(&at, self.patience) {
                    Ok(stream) => return Ok(stream),
                    Err(wrong) => last = format!("cannot connect to {at}: {wrong} (is --listen-cli set?)"),
                }
            }
        }
        Err(last)
    }
}
