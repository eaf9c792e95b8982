/// Why somebody is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Nothing arrives from the one who talks.
    NoIngress,
    /// What arrives is from another address than the one agreed on, and the call is strict.
    WrongSource,
    /// What arrives cannot be opened with the keys agreed on, or there are none yet.
    SrtpAuthentication,
    /// By request.
    Blocked,
    /// Somebody was told a private address that does not lead to where it is meant to.
    PrivateAddress,
    /// What is to be sent to the listener does not get away from here.
    NoRouteBack,
    /// Where the listener is was never said.
    NoAddress,
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Cause; 7] = [
        Cause::NoIngress,
        Cause::WrongSource,
        Cause::SrtpAuthentication,
        Cause::Blocked,
        Cause::PrivateAddress,
        Cause::NoRouteBack,
        Cause::NoAddress,
    ];

    /// The stable code that the log, metrics and the control tool show.
    pub const fn code(self) -> &'static str {
        match self {
            Cause::NoIngress => "no-ingress",
            Cause::WrongSource => "wrong-source",
            Cause::SrtpAuthentication => "srtp-authentication",
            Cause::Blocked => "blocked",
            Cause::PrivateAddress => "private-address",
            Cause::NoRouteBack => "no-route-back",
            Cause::NoAddress => "no-address",
        }
    }
}
