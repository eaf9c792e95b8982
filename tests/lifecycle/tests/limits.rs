//! How many calls there may be.

use lab::{Daemon, Topology, Value, call, ng};
use lifecycle::Figures;

fn offer(id: &str) -> ng::Request {
    call::offer(id, ([198, 51, 100, 10], 4000).into())
}

#[test]
fn calls_past_the_limit_are_sent_elsewhere() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).arg("--max-sessions=2").start()?;
    let mut client = daemon.ng()?;
    client.ok(&offer("one"))?;
    client.ok(&offer("two"))?;
    // The words proxies know.
    assert_eq!(client.refused(&offer("three"))?, "Parallel session limit reached");
    let polite = client.ask(&offer("three").set("supports", Value::list(["load limit"])))?;
    assert_eq!(polite.text("result"), Some("load limit"), "{polite:?}");
    assert_eq!(polite.text("message"), Some("Parallel session limit reached"), "{polite:?}");
    // Calls that are there go on.
    client.ok(&offer("one"))?;
    client.ok(&call::answer("one", ([203, 0, 113, 10], 4000).into()))?;
    // A deleted call counts until its delay is over.
    client.ok(&ng::request("delete").set("call-id", "two").set("delete-delay", 60))?;
    client.refused(&offer("three"))?;
    client.ok(&call::delete("two"))?;
    client.ok(&offer("three"))?;
    let figures = Figures::of(&mut client)?;
    assert_eq!((figures.sessions(), figures.total("rejectedsessions")), (2, 3));
    daemon.stop()?;
    Ok(())
}
