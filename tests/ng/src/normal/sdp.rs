//! SDP texts with made-up values named.

use super::{Names, Role};
use std::net::IpAddr;

impl Names {
    /// A whole SDP; line ends stay as they are.
    pub fn sdp(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Sections begin with m=; the address of a section stands after its port.
        let starts = text.match_indices("\nm=").map(|(at, _)| at + 1);
        let mut bounds: Vec<usize> = std::iter::once(0).chain(starts).collect();
        bounds.push(text.len());
        let session = connection(&text[..bounds[1]]);
        for bound in bounds.windows(2) {
            let section = &text[bound[0]..bound[1]];
            let address = connection(section).or(session);
            for line in section.split_inclusive('\n') {
                let body = line.trim_end_matches(['\r', '\n']);
                out.push_str(&self.sdp_line(body, address));
                out.push_str(&line[body.len()..]);
            }
        }
        out
    }

    fn sdp_line(&mut self, line: &str, address: Option<IpAddr>) -> String {
        let line = self.plain(line);
        match line.split_once('=') {
            Some(("o", value)) => format!("o={}", self.origin(value)),
            // A daemon may name itself in a session name it made up.
            Some(("s", value)) if value.len() > 1 && !self.in_script(&line) => "s=SOFTWARE".to_owned(),
            Some(("m", value)) => {
                let mut words: Vec<String> = value.split(' ').map(str::to_owned).collect();
                if let Some(port) = words.get_mut(1) {
                    *port = self.port_text(address, port, Role::Rtp);
                }
                format!("m={}", words.join(" "))
            }
            Some(("a", attribute)) => match attribute.split_once(':') {
                Some((name, value)) => format!("a={name}:{}", self.attribute(name, value, address)),
                None => line,
            },
            _ => line,
        }
    }

    /// An origin whose user and session the script has is the script's; any other is the daemon's.
    fn origin(&mut self, value: &str) -> String {
        let words: Vec<&str> = value.split(' ').collect();
        let [user, session, _version, rest @ ..] = words.as_slice() else { return value.to_owned() };
        if self.in_script(&format!("{user} {session} ")) {
            return value.to_owned();
        }
        let user = if *user == "-" || self.in_script(&format!("o={user} ")) { user } else { "USER" };
        let session = self.name("SESSION", session);
        format!("{user} {session} VERSION {}", rest.join(" "))
    }

    fn attribute(&mut self, name: &str, value: &str, address: Option<IpAddr>) -> String {
        match name {
            "rtcp" => {
                let (port, rest) = split_word(value);
                format!("{}{rest}", self.port_text(address, port, Role::Rtcp))
            }
            "candidate" => self.candidate(value),
            "remote-candidates" => {
                let mut words: Vec<String> = value.split(' ').map(str::to_owned).collect();
                for triple in words.chunks_mut(3) {
                    if let [component, address, port] = triple {
                        *port = self.port_text(address.parse().ok(), port, role_of(component));
                    }
                }
                words.join(" ")
            }
            "ice-ufrag" => self.made_up("UFRAG", value),
            "ice-pwd" => self.made_up("PWD", value),
            "tls-id" => self.made_up("TLSID", value),
            "tool" => self.made_up("SOFTWARE", value),
            "rtpengine" => self.made_up("INSTANCE", value),
            "fingerprint" => {
                let (hash, print) = split_word(value);
                format!("{hash} {}", self.made_up("FINGERPRINT", print.trim_start()))
            }
            "crypto" => self.crypto(value),
            "ssrc" => {
                let (ssrc, rest) = split_word(value);
                let ssrc = ssrc.parse().map_or_else(|_| ssrc.to_owned(), |number| self.ssrc(number));
                match rest.strip_prefix(" cname:") {
                    Some(cname) => format!("{ssrc} cname:{}", self.made_up("CNAME", cname)),
                    None => format!("{ssrc}{rest}"),
                }
            }
            _ => value.to_owned(),
        }
    }

    /// `foundation component transport priority address port typ … [raddr A rport P]`
    fn candidate(&mut self, value: &str) -> String {
        let mut words: Vec<String> = value.split(' ').map(str::to_owned).collect();
        let role = words.get(1).map_or(Role::Rtp, |component| role_of(component));
        if let Some(foundation) = words.get_mut(0) {
            *foundation = self.made_up("FOUNDATION", foundation);
        }
        let related = words.iter().position(|word| word == "rport").map(|at| at + 1);
        for at in [Some(5), related].into_iter().flatten() {
            // `ADDRESS PORT` and `ADDRESS rport PORT`.
            let address =
                words.get(if at == 5 { 4 } else { at - 2 }).and_then(|address| address.parse().ok());
            if let Some(port) = words.get_mut(at) {
                *port = self.port_text(address, port, role);
            }
        }
        words.join(" ")
    }

    /// `tag suite inline:KEY[|…] …`: the key's name tells its length in characters too.
    fn crypto(&mut self, value: &str) -> String {
        let Some((before, after)) = value.split_once("inline:") else { return value.to_owned() };
        let end = after.find(['|', ' ']).unwrap_or(after.len());
        let (key, rest) = after.split_at(end);
        let name = self.made_up("KEY", key);
        let length = if name == key { String::new() } else { format!("{{{}}}", key.len()) };
        format!("{before}inline:{name}{length}{rest}")
    }
}

/// The address of the first `c=` line.
fn connection(section: &str) -> Option<IpAddr> {
    let line = section.lines().find_map(|line| line.strip_prefix("c="))?;
    line.split(' ').nth(2)?.trim_end().parse().ok()
}

fn role_of(component: &str) -> Role {
    if component == "2" { Role::Rtcp } else { Role::Rtp }
}

/// The first word and the rest with its blank.
fn split_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(' ').unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(script: &str, pairs: &[(&str, &str)]) {
        let mut names = Names::new(script, "c-1");
        for (given, wanted) in pairs {
            assert_eq!(&names.sdp(given), wanted);
        }
    }

    #[test]
    fn made_up_values_are_named() {
        lines(
            "o=alice 1 1 IN IP4 x, inline:mine",
            &[
                ("o=alice 1 7 IN IP4 y\r\n", "o=alice 1 7 IN IP4 y\r\n"),
                ("o=- 1234 99 IN IP4 y\n", "o=- SESSION1 VERSION IN IP4 y\n"),
                ("s=-", "s=-"),
                ("s=some daemon 1.2", "s=SOFTWARE"),
                ("m=audio 31000 RTP/AVP 8", "m=audio port1 RTP/AVP 8"),
                ("a=rtcp:31001 IN IP4 1.2.3.4", "a=rtcp:port1+1 IN IP4 1.2.3.4"),
                ("m=video 0 RTP/AVP 96", "m=video 0 RTP/AVP 96"),
                ("a=ice-ufrag:abcd", "a=ice-ufrag:UFRAG1"),
                ("a=fingerprint:sha-256 AA:BB", "a=fingerprint:sha-256 FINGERPRINT1"),
                ("a=crypto:1 SUITE inline:mine|2^31", "a=crypto:1 SUITE inline:mine|2^31"),
                ("a=crypto:1 SUITE inline:other KDR=1", "a=crypto:1 SUITE inline:KEY1{5} KDR=1"),
                ("a=ssrc:77 cname:zz", "a=ssrc:SSRC1 cname:CNAME1"),
                (
                    "a=candidate:f 2 UDP 99 1.2.3.4 31001 typ srflx raddr 1.1.1.1 rport 31001",
                    "a=candidate:FOUNDATION1 2 UDP 99 1.2.3.4 port1+1 typ srflx raddr 1.1.1.1 rport port1+1",
                ),
                (
                    "a=remote-candidates:1 1.2.3.4 31000 2 1.2.3.4 5",
                    "a=remote-candidates:1 1.2.3.4 port1 2 1.2.3.4 5",
                ),
                ("a=sendrecv", "a=sendrecv"),
                ("a=label:c-1", "a=label:CALL"),
            ],
        );
    }
}
