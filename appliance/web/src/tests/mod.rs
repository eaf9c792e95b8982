mod grpc;
mod http;
mod secure;

use crate::{Options, Question, Server, What};
use std::net::SocketAddr;

/// A server whose questions are answered by `answer`, in a thread that ends with it.
fn served(options: Options, answer: fn(&What) -> Option<Vec<u8>>) -> (Server, SocketAddr) {
    let (server, asked) = Server::start(options, || {}).unwrap();
    std::thread::spawn(move || {
        asked.iter().for_each(|question: Question| {
            let said = answer(question.what());
            question.answer(said);
        })
    });
    let at = server.local_addresses()[0];
    (server, at)
}

/// HTTP on a port of the system's choice.
fn plain() -> Options {
    Options { plain: vec!["127.0.0.1:0".parse().unwrap()], ..Options::default() }
}

fn echo(what: &What) -> Option<Vec<u8>> {
    match what {
        What::Ng(bytes) if bytes == b"nonsense" => None,
        What::Ng(bytes) => Some([b"ng ", &bytes[..]].concat()),
        What::Plain(bytes) => Some([b"plain ", &bytes[..]].concat()),
        What::Line(line) => Some(format!("line {line}\n").into_bytes()),
        What::Metrics => Some(b"up 1\n".to_vec()),
    }
}
