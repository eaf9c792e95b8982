use call::{DtlsWish, OsrtpWish, SdesWish};
use flow::srtp::Suite;
use ng::request::Flag;
use ng::request::options::{DtlsMode, Osrtp, SdesOption};
use ng::{Request, Text};

/// `SDES` and what it is made of. Suites nobody knows are passed over.
pub(super) fn sdes(request: &Request<'_>) -> SdesWish {
    let said = &request.security;
    let has = |option| said.sdes.has(option);
    // Of a parameter and its negation the parameter counts.
    let either = |on, off| if has(on) { Some(true) } else { has(off).then_some(false) };
    SdesWish {
        off: has(SdesOption::Off),
        nonew: has(SdesOption::NoNew),
        keep: has(SdesOption::Static),
        prefer: has(SdesOption::Prefer),
        pad: has(SdesOption::Pad),
        lifetime: has(SdesOption::Lifetime),
        without: suites(&said.sdes_no),
        only: suites(&said.sdes_only),
        order: suites(&said.sdes_order),
        sender: suites(&said.sdes_offerer_pref),
        clear_rtp: either(SdesOption::UnencryptedSrtp, SdesOption::EncryptedSrtp),
        clear_rtcp: either(SdesOption::UnencryptedSrtcp, SdesOption::EncryptedSrtcp),
        unauthenticated: either(SdesOption::UnauthenticatedSrtp, SdesOption::AuthenticatedSrtp),
    }
}

/// `DTLS`, `DTLS-fingerprint` and `no-tls-id`.
pub(super) fn dtls<'a>(request: &'a Request<'_>) -> DtlsWish<'a> {
    let said = &request.security;
    DtlsWish {
        off: said.dtls == Some(DtlsMode::Off),
        passive: match said.dtls {
            Some(DtlsMode::Passive) => Some(true),
            Some(DtlsMode::Active) => Some(false),
            Some(DtlsMode::Off) | None => None,
        },
        fingerprint: said.fingerprint.as_deref(),
        no_tls_id: request.has(Flag::NoTlsId),
    }
}

/// `OSRTP`.
pub(super) fn osrtp(request: &Request<'_>) -> OsrtpWish {
    let has = |option| request.security.osrtp.has(option);
    OsrtpWish {
        offer: has(Osrtp::Offer),
        offer_doubles: has(Osrtp::OfferLegacy),
        accept_doubles: has(Osrtp::AcceptLegacy) || has(Osrtp::Accept),
    }
}

fn suites(names: &[Text<'_>]) -> Vec<Suite> {
    names.iter().filter_map(|name| Suite::parse(name.as_bytes())).collect()
}
