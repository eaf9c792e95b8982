use super::*;

fn with_first(session_lines: &str, media_lines: &str, look: impl FnOnce(Section<'_, '_>)) {
    let body = format!(
        "v=0\no=a 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{session_lines}\
        m=audio 4000 RTP/AVP 8\n{media_lines}"
    );
    let session = Session::parse(body.as_bytes()).unwrap();
    look(session.section(0).unwrap());
}

#[test]
fn the_sections_own_attribute_comes_before_the_sessions() {
    let session =
        "a=sendonly\na=setup:active\na=ice-ufrag:s\na=ice-pwd:sp\na=fingerprint:sha-256 AA\na=tls-id:s\n";
    with_first(session, "", |s| {
        assert_eq!(s.direction(), Some(Direction::Sendonly));
        assert_eq!(s.setup(), Some(Setup::Active));
        assert_eq!((s.ice_ufrag().unwrap(), s.ice_pwd().unwrap()), ("s".into(), "sp".into()));
        assert_eq!(s.fingerprint().unwrap().digest, "AA");
        assert_eq!(s.tls_id().unwrap(), "s");
        assert_eq!(s.connection().unwrap().address.to_string(), "192.0.2.1");
    });
    let media = "c=IN IP6 ::1\na=inactive\na=setup:passive\na=ice-ufrag:m\na=fingerprint:sha-1 BB\na=fingerprint:sha-256 CC\n";
    with_first(session, media, |s| {
        assert_eq!(s.direction(), Some(Direction::Inactive));
        assert_eq!(s.setup(), Some(Setup::Passive));
        assert_eq!(s.ice_ufrag().unwrap(), "m");
        assert_eq!(s.fingerprints().map(|f| f.digest.to_string()).collect::<Vec<_>>(), ["BB", "CC"]);
        assert_eq!(s.connection().unwrap().address.to_string(), "::1");
    });
}

#[test]
fn what_only_a_section_can_say_is_not_inherited() {
    let session = "a=mid:x\na=label:x\na=ptime:20\na=maxptime:60\na=rtcp:5\na=rtcp-mux\na=bundle-only\n\
        a=crypto:1 S inline:k\na=candidate:1 1 UDP 1 192.0.2.1 5 typ host\n";
    with_first(session, "", |s| {
        assert_eq!((s.mid(), s.label(), s.ptime(), s.maxptime(), s.rtcp()), (None, None, None, None, None));
        assert!(!s.rtcp_mux() && !s.bundle_only());
        assert_eq!((s.cryptos().count(), s.candidates().count()), (0, 0));
    });
    with_first("", session, |s| {
        assert_eq!((s.mid().unwrap(), s.label().unwrap()), ("x".into(), "x".into()));
        assert_eq!((s.ptime(), s.maxptime(), s.rtcp().map(|r| r.port)), (Some(20), Some(60), Some(5)));
        assert!(s.rtcp_mux() && s.bundle_only());
        assert_eq!((s.cryptos().count(), s.candidates().count()), (1, 1));
    });
}

#[test]
fn of_several_the_first_counts() {
    with_first("", "a=mid:1\na=mid:2\na=ptime:10\na=ptime:20\na=recvonly\na=sendonly\n", |s| {
        assert_eq!(s.mid().unwrap(), "1");
        assert_eq!(s.ptime(), Some(10));
        assert_eq!(s.direction(), Some(Direction::Recvonly));
    });
}

#[test]
fn packet_times_are_whole_numbers() {
    for (value, ms) in [
        (" 20", Some(20)),
        ("020", Some(20)),
        ("20 ", None),
        ("20.5", None),
        ("0", None),
        ("-1", None),
        ("", None),
    ] {
        with_first("", &format!("a=ptime:{value}\n"), |s| assert_eq!(s.ptime(), ms, "{value}"));
    }
}

#[test]
fn extmaps_of_the_session_count_only_if_the_section_has_none() {
    let session = "a=extmap:1 sess\na=extmap:3 three\na=extmap-allow-mixed\n";
    with_first(session, "a=extmap:2 med\na=extmap:2 again\na=extmap:15 no\n", |s| {
        assert_eq!(s.extmaps().iter().map(|e| e.uri.to_string()).collect::<Vec<_>>(), ["med"]);
        assert!(s.extmap_allow_mixed());
    });
    with_first(session, "", |s| assert_eq!(s.extmaps().len(), 2));
}

#[test]
fn ice_options_of_the_session_count_only_if_the_section_has_none() {
    with_first("a=ice-options:ice2\n", "a=ice-options:rtp+ecn trickle\n", |s| {
        assert!(s.ice_option("trickle") && !s.ice_option("ice2"));
        assert!(!s.ice_option("rtp"));
    });
    with_first("a=ice-options:ice2\n", "", |s| assert!(s.ice_option("ice2")));
}
