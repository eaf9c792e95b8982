//! The text interface.

use super::{Bench, Options, Transport};

fn bench() -> Bench {
    Bench::new(Transport::Cli, "127.0.0.1:0", Options::default())
}

#[test]
fn one_line_one_reply_then_the_end() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Cli);
    bench.write(&client, b"list numsess");
    bench.write(&client, b"ions\r\nlist totals\n");
    assert_eq!(bench.read_to_end(&mut client), "you said list numsessions\n");
    assert_eq!(bench.desk.lines, ["list numsessions"]);
    assert_eq!(bench.desk.peers[0].transport, Transport::Cli);
    assert_eq!(bench.listeners.open_connections(), 0);
}

#[test]
fn a_line_may_end_with_the_connection() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Cli);
    bench.write(&client, b"list totals");
    client.end_writing();
    assert_eq!(bench.read_to_end(&mut client), "you said list totals\n");
}

#[test]
fn silence_gets_silence() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Cli);
    client.end_writing();
    assert_eq!(bench.read_to_end(&mut client), "");
    assert!(bench.desk.lines.is_empty());
}

#[test]
fn an_endless_line_ends_the_connection() {
    let mut bench = bench();
    let mut client = bench.connect(Transport::Cli);
    bench.write(&client, &vec![b'x'; 65_536]);
    assert_eq!(bench.read_to_end(&mut client), "");
    assert!(bench.desk.lines.is_empty());
}

#[test]
fn a_long_text_is_printed_page_by_page() {
    let mut bench = bench();
    let mut counting = bench.connect(Transport::Cli);
    bench.write(&counting, b"count to 5000\n");
    let counted: String = (1..=5000).map(|number| format!("{number}\n")).collect();
    assert_eq!(bench.read_to_end(&mut counting), counted);
    assert_eq!(bench.listeners.open_connections(), 0);
}

#[test]
fn others_are_served_between_two_pages() {
    let mut bench = bench();
    let mut counting = bench.connect(Transport::Cli);
    bench.write(&counting, b"count to 4000000000\n");
    bench.read(&mut counting, 100);
    let mut other = bench.connect(Transport::Cli);
    bench.write(&other, b"hello\n");
    assert_eq!(bench.read_to_end(&mut other), "you said hello\n");
    bench.read(&mut counting, 100);
}
