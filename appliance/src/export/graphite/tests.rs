use super::page::Page;
use super::sender::Sender;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_page_has_one_line_for_each_figure() {
    let mut page = Page::new("west.", 1_700_000_000);
    page.line("offer_count", 7);
    page.decimal("call_dur", 1.5);
    page.line("ports_free_my net\n_192.0.2.1", 2);
    assert_eq!(
        page.text(),
        "west.offer_count 7 1700000000\nwest.call_dur 1.500000 1700000000\n\
         west.ports_free_my_net__192.0.2.1 2 1700000000\n"
    );
}

#[test]
fn a_server_that_was_away_gets_the_next_page() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let sender = Sender::start(listener.local_addr().unwrap(), PATIENCE).unwrap();
    let line = |listener: &TcpListener| {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut text = String::new();
        BufReader::new(stream).read_line(&mut text).unwrap();
        text
    };
    assert!(sender.send("one 1 1\n".to_owned()));
    assert_eq!(line(&listener), "one 1 1\n");
    // The connection is closed now, which the sender finds out by writing: sooner or later it comes with a new one.
    listener.set_nonblocking(true).unwrap();
    let again = std::iter::repeat_with(|| {
        let _ = sender.send("two 2 2\n".to_owned());
        std::thread::park_timeout(Duration::from_millis(20));
        listener.accept().ok()
    });
    let (stream, _) = again.take(500).flatten().next().expect("a second connection");
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = String::new();
    BufReader::new(stream).read_line(&mut text).unwrap();
    assert_eq!(text, "two 2 2\n");
}
