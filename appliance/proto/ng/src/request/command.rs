//! The commands.

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// A command we know. What it does is documented with the verb; here are only the names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Command { $($(#[doc = $doc])+ $name,)+ }

        impl Command {
            /// Every command.
            pub const ALL: &'static [Command] = &[$(Command::$name,)+];

            /// The spelling used in replies, logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Command::$name => $text,)+ }
            }

            /// Recognises a command. As with rtpengine only the exact spelling counts, but for `CLI`.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Command::$name),)+
                    "CLI" => Some(Command::Cli),
                    _ => None,
                }
            }
        }
    };
}

commands! {
    /// Is anybody there.
    Ping = "ping",
    /// An SDP offer.
    Offer = "offer",
    /// The SDP answer to it.
    Answer = "answer",
    /// End of a call or of one branch.
    Delete = "delete",
    /// State and statistics of one call.
    Query = "query",
    /// Known Call-IDs.
    List = "list",
    /// Begin recording.
    StartRecording = "start recording",
    /// End recording.
    StopRecording = "stop recording",
    /// Stop recording but keep the file open.
    PauseRecording = "pause recording",
    /// Begin PCM export.
    StartForwarding = "start forwarding",
    /// End PCM export.
    StopForwarding = "stop forwarding",
    /// Drop or replace DTMF.
    BlockDtmf = "block DTMF",
    /// Let DTMF pass again.
    UnblockDtmf = "unblock DTMF",
    /// Drop media.
    BlockMedia = "block media",
    /// Let media pass again.
    UnblockMedia = "unblock media",
    /// Replace media by silence.
    SilenceMedia = "silence media",
    /// Let media be heard again.
    UnsilenceMedia = "unsilence media",
    /// Play a file or blob.
    PlayMedia = "play media",
    /// End playing.
    StopMedia = "stop media",
    /// Inject a digit.
    PlayDtmf = "play DTMF",
    /// Global statistics.
    Statistics = "statistics",
    /// One party sends media, nobody listens yet.
    Publish = "publish",
    /// Open a receive-only leg.
    SubscribeRequest = "subscribe request",
    /// Complete it.
    SubscribeAnswer = "subscribe answer",
    /// Close it.
    Unsubscribe = "unsubscribe",
    /// Join two parties without SDP.
    Connect = "connect",
    /// Mix one party's audio into another's.
    InjectStart = "inject start",
    /// End mixing it in.
    InjectStop = "inject stop",
    /// Make a local party and an offer for it.
    Create = "create",
    /// The answer to that offer.
    CreateAnswer = "create answer",
    /// Merge calls and set who hears whom.
    Mesh = "mesh",
    /// Be a remote transcoder.
    Transform = "transform",
    /// Run a line of the text interface.
    Cli = "cli",
}

impl Command {
    /// True for commands whose flags are read. The others know a few keys, in one spelling each, and no templates.
    pub(crate) const fn takes_flags(self) -> bool {
        !matches!(self, Command::Ping | Command::Query | Command::List | Command::Statistics | Command::Cli)
    }

    /// True for commands that make an offer, so that the other side is yet to choose.
    pub(crate) const fn offers(self) -> bool {
        matches!(self, Command::Offer | Command::Publish | Command::SubscribeRequest | Command::Create)
    }
}
