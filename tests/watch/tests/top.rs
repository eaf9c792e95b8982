//! The live view in a terminal: what is on the screen, another size, keys, the end.

use lab::{Call, Pace, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use watch::{PATIENCE, Scene, Specification, Terminal};

const CLI: &str = "127.0.0.1:2224";

/// What is left of a screen when numbers and the room between words do not count: what has a digit, and a dash for a
/// figure that is not known yet, becomes `N`.
fn shape(screen: &str) -> String {
    let word = |word: &str| match word {
        "-" => "N".to_owned(),
        word if word.contains(|c: char| c.is_ascii_digit()) => "N".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = screen.lines().map(line).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Both talk until it is enough.
fn talk(call: &Call, enough: &AtomicBool) {
    while !enough.load(Ordering::Relaxed) {
        if call.talk(10, Pace::Every(std::time::Duration::from_millis(20)), PATIENCE).is_err() {
            // A daemon that has ended is told by the test itself.
            return;
        }
    }
}

/// Ends the talk, also where a test fails.
struct Enough<'a>(&'a AtomicBool);

impl Drop for Enough<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_live_view_is_what_the_specification_shows() -> Result<()> {
    lab::need_root!();
    lab::need_tool!("tmux");
    let scene = Scene::open(|daemon| daemon.arg(format!("--listen-cli={CLI}")).arg("--num-threads=1"))?;
    scene.call.alice.send_bytes(&[0xff; 40])?;
    let line = format!(
        "exec ip netns exec {} {} -ip {CLI} top --interval 0.5",
        scene.net.relay.name(),
        lab::control_tool()?.display()
    );
    let documented = Specification::read();
    let wanted = shape(documented.screen());
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        scope.spawn(|| talk(&scene.call, &enough));
        let _enough = Enough(&enough);
        let terminal = Terminal::start(&line, 180, 20)?;
        let same = format!("what the specification shows, which is\n{wanted}\n");
        let screen = terminal.wait_for(&same, |screen| shape(screen) == wanted)?;
        let streams = |screen: &str| screen.lines().filter(|line| line.starts_with("watched-call ")).count();
        assert_eq!(streams(&screen), 2, "{screen}");
        terminal.resize(132, 14)?;
        terminal.wait_for("the smaller page", |screen| {
            screen.lines().count() == 14
                && screen.lines().last().is_some_and(|line| line.starts_with("q quit"))
                && streams(screen) == 2
        })?;
        terminal.press("Down")?;
        terminal.wait_for("one stream less", |screen| streams(screen) == 1)?;
        terminal.press("q")?;
        terminal.wait_for_the_end();
        Ok(())
    })?;
    scene.daemon.stop()?;
    Ok(())
}
