//! What comes over HTTP: the same exchange as everything else, without a socket of ours.

use super::exchange::settled;
use super::listeners::{Handler, Listeners, Peer, Printed, Transport};
use ng::Incoming;
use web::{Question, What};

/// Longest reply, in bytes.
const MAX_REPLY: usize = 16 << 20;

impl Listeners {
    /// Answers a question of the HTTP server. `now_ms` as for [`Listeners::on_ready`].
    pub fn answer(&mut self, question: Question, now_ms: u64, handler: &mut dyn Handler) {
        let peer = Peer { transport: Transport::Http, remote: question.remote(), local: question.local() };
        let answer = match question.what() {
            What::Ng(message) => {
                self.exchange.answer(message, MAX_REPLY, &peer, now_ms, handler).map(<[u8]>::to_vec)
            }
            What::Plain(body) => self.plain(body, &peer, handler),
            What::Line(line) => {
                self.exchange.counts.lines += 1;
                Some(whole(handler, &peer, line).into_bytes())
            }
            What::Metrics => Some(handler.metrics().into_bytes()),
        };
        question.answer(answer);
    }

    /// A request without cookie is executed as often as it comes.
    fn plain(&mut self, body: &[u8], peer: &Peer, handler: &mut dyn Handler) -> Option<Vec<u8>> {
        let Ok((encoding, dict)) = Incoming::parse_body(body) else {
            self.exchange.counts.malformed += 1;
            return None;
        };
        self.exchange.counts.requests += 1;
        let incoming = Incoming { cookie: b"", encoding, dict };
        let reply = settled(handler.request(peer, &incoming), handler);
        let mut out = Vec::new();
        reply.encode_body(encoding, &mut out);
        handler.answered(peer, body, &out);
        Some(out)
    }
}

/// All that is printed for a line.
fn whole(handler: &mut dyn Handler, peer: &Peer, line: &str) -> String {
    let Printed { mut text, mut more } = handler.line(peer, line);
    while let Some(from) = more {
        let page = handler.page(from);
        text += &page.text;
        more = page.more;
    }
    text
}
