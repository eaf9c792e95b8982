//! DTMF, codecs, players.

use super::spec::{Group, Opt};

const EVENTS: &str = "DTMF detection and logging";
const TRANSCODING: &str = "transcoding";
const PLAYING: &str = "playing media";
const DATABASE: &str = "media from a database";
const HOLD: &str = "music on hold";
const DTX_MODES: &[&str] = &["native", "CN"];

pub(super) const DTMF: Group = Group {
    title: "DTMF",
    options: &[
        Opt::text("dtmf-log-dest", "Address to send DTMF events to").later(EVENTS),
        Opt::flag("dtmf-log-ng-tcp", "Send DTMF events over ng TCP connections").later(EVENTS),
        Opt::flag("dtmf-no-log-injects", "Do not report injected DTMF").later(EVENTS),
        Opt::flag("dtmf-no-suppress", "Leave audio in place during DTMF").later(EVENTS),
        Opt::count("dtmf-digit-delay", "Milliseconds by which digits are delayed").later(EVENTS),
    ],
};

pub(super) const CODECS: Group = Group {
    title: "Codecs",
    options: &[
        Opt::action("codecs", "List the codecs and exit").later(TRANSCODING),
        Opt::count("dtx-delay", "Milliseconds until a gap counts as silence").later(TRANSCODING),
        Opt::count("max-dtx", "Longest silence to fill in seconds").later(TRANSCODING),
        Opt::count("dtx-buffer", "Packets held for silence handling").later(TRANSCODING),
        Opt::count("dtx-lag", "Largest time held for silence handling in milliseconds").later(TRANSCODING),
        Opt::count("dtx-shift", "Step of silence handling in milliseconds").later(TRANSCODING),
        Opt::ints("dtx-cn-params", "Comfort noise to fill silence with").later(TRANSCODING),
        Opt::word("amr-dtx", DTX_MODES, "Silence in AMR").later(TRANSCODING),
        Opt::word("evs-dtx", DTX_MODES, "Silence in EVS").later(TRANSCODING),
        Opt::float("silence-detect", "Level below which audio is silence, in percent").later(TRANSCODING),
        Opt::ints("cn-payload", "Comfort noise parameters to send").later(TRANSCODING),
        Opt::text("evs-lib-path", "Library with the EVS codec").later(TRANSCODING),
        Opt::text("codec-chain-lib-path", "Library that transcodes on another device").later(TRANSCODING),
        Opt::count("codec-chain-runners", "Runners of that library").later(TRANSCODING),
        Opt::count("codec-chain-concurrency", "Jobs of that library at a time").later(TRANSCODING),
        Opt::count("codec-chain-async", "Threads that wait for that library").later(TRANSCODING),
        Opt::count("codec-chain-opus-application", "Opus application type for that library")
            .later(TRANSCODING),
        Opt::count("codec-chain-opus-complexity", "Opus complexity for that library").later(TRANSCODING),
    ],
};

pub(super) const PLAYER: Group = Group {
    title: "Players",
    options: &[
        Opt::flag("player-cache", "Keep encoded media").later(PLAYING),
        Opt::count("audio-buffer-length", "Milliseconds the audio player holds").later(PLAYING),
        Opt::count("audio-buffer-delay", "Milliseconds the audio player starts with").later(PLAYING),
        Opt::word(
            "audio-player",
            &["on-demand", "play-media", "transcoding", "always"],
            "When the audio player is used",
        )
        .later(PLAYING),
        Opt::texts("preload-media-files", "Files to load at start").later(PLAYING),
        Opt::count("media-files-reload", "Seconds between looks at changed files").later(PLAYING),
        Opt::count("media-files-expire", "Seconds an unused file is kept").later(PLAYING),
        Opt::count("expiry-timer", "Seconds between looks at expired media").later(PLAYING),
        Opt::texts("preload-db-media", "Database media to load at start").later(DATABASE),
        Opt::count("db-media-reload", "Seconds between looks at changed media").later(DATABASE),
        Opt::count("db-media-expire", "Seconds unused media is kept").later(DATABASE),
        Opt::text("db-media-cache", "Folder that keeps media from the database").later(DATABASE),
        Opt::texts("preload-db-cache", "Database media to put into the folder at start").later(DATABASE),
        Opt::count("db-cache-reload", "Seconds between looks at the folder").later(DATABASE),
        Opt::count("db-cache-expire", "Seconds unused media stays in the folder").later(DATABASE),
        Opt::text("mysql-host", "Database server").later(DATABASE),
        Opt::int("mysql-port", 0, 65_535, "Database port").later(DATABASE),
        Opt::text("mysql-user", "Database user").later(DATABASE),
        Opt::text("mysql-pass", "Database password").later(DATABASE),
        Opt::text("mysql-query", "Query that yields one medium").later(DATABASE),
        Opt::count("moh-max-duration", "Longest music on hold in milliseconds").later(HOLD),
        Opt::count("moh-max-repeats", "Most repeats of music on hold").later(HOLD),
        Opt::text("moh-attr-name", "SDP attribute that marks music on hold").later(HOLD),
        Opt::flag("moh-prevent-double-hold", "Play music on hold once, not from both sides").later(HOLD),
    ],
};
