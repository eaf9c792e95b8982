//! The packets of a call as a file, while the call is on a fast path and goes on.

use appliance_lab::{Stand, Tier, text_interface};
use lab::Result;

const CLI: &str = "127.0.0.1:2224";

fn ask(stand: &Stand, line: &str) -> Result<String> {
    text_interface(&stand.daemon, CLI.parse().expect("an address"), line)
}

/// Talks while the call is traced; every packet must arrive, and be in the trace twice: as it came and as it left.
fn traced(tier: Tier, meanwhile: &str) -> Result<()> {
    let more = format!("[control]\nlisten-cli = [\"{CLI}\"]\n");
    let mut stand = Stand::start(tier, &more)?;
    let call = stand.call_on(tier, "seen", 6000)?;
    let said = ask(&stand, "trace start seen")?;
    assert!(said.starts_with("# tracing 4 ports\n"), "{said}");
    // Only where nothing is copied has a call to move, and then it says so.
    let moves = matches!(tier, Tier::Auto | Tier::Driver | Tier::Kernel);
    assert_eq!(
        said.contains("\n# moved 2: the XDP program and the kernel module copy nothing"),
        moves,
        "{said}"
    );
    stand.talk_meanwhile(&call, meanwhile)?;
    let page = ask(&stand, "trace stop seen")?;
    assert!(page.ends_with("# ended\n") && !page.contains("# lost"), "{page}");
    let (alice, bob) = (call.alice.local(), call.bob.local());
    for (way, ends) in [
        ("in", [format!(" {alice} "), format!(" {bob} ")]),
        ("out", [format!(" {bob} "), format!(" {alice} ")]),
    ] {
        for end in ends {
            let of = |line: &&str| line.split(' ').nth(1) == Some(way) && line.contains(&end);
            assert_eq!(page.lines().filter(of).count(), 220, "{way}{end}of\n{page}");
        }
    }
    assert_eq!(ask(&stand, "trace read seen")?, "# refused: Call ID not found\n");
    // It comes back to where it was.
    stand.talk_back_to(tier, &call)?;
    stand.stop()?;
    Ok(())
}

#[test]
fn a_call_on_the_sockets_is_copied() -> Result<()> {
    lab::need_root!();
    traced(Tier::Sockets, "")
}

#[test]
fn a_call_on_a_packet_thread_is_copied_and_stays_there() -> Result<()> {
    lab::need_root!();
    traced(Tier::Worker, "af-xdp on-fast-path")
}

#[test]
fn a_call_on_the_program_is_handed_to_a_packet_thread_meanwhile() -> Result<()> {
    lab::need_root!();
    traced(Tier::Auto, "af-xdp on-fast-path")
}

#[test]
fn a_call_that_only_the_program_may_have_goes_through_the_sockets_meanwhile() -> Result<()> {
    lab::need_root!();
    traced(Tier::Driver, "userspace traced")
}

#[test]
fn a_call_on_the_kernel_module_goes_through_the_sockets_meanwhile() -> Result<()> {
    lab::need_module!();
    traced(Tier::Kernel, "userspace traced")
}
