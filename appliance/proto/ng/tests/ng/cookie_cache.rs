//! Retransmissions.

use ng::{CookieCache, Lookup};

fn cache() -> CookieCache {
    CookieCache::new(1000, 100_000)
}

#[test]
fn a_duplicate_gets_the_same_bytes() {
    let mut cache = cache();
    assert_eq!(cache.begin(b"c", 5), Lookup::New);
    cache.finish(b"c", b"c d6:result4:ponge");
    assert_eq!(cache.begin(b"c", 6), Lookup::Done(b"c d6:result4:ponge"));
}

#[test]
fn a_duplicate_of_a_running_request_is_told_so() {
    let mut cache = cache();
    assert_eq!(cache.begin(b"c", 0), Lookup::New);
    assert_eq!(cache.begin(b"c", 10_000), Lookup::InProgress);
    assert_eq!(cache.begin(b"c", 40_000), Lookup::InProgress);
    assert_eq!(cache.begin(b"c", 140_000), Lookup::InProgress);
    cache.finish(b"c", b"r");
    assert_eq!(cache.begin(b"c", 140_001), Lookup::Done(b"r"));
}

#[test]
fn an_abandoned_request_runs_again() {
    let mut cache = cache();
    assert_eq!(cache.begin(b"c", 0), Lookup::New);
    cache.abandon(b"c");
    assert_eq!(cache.begin(b"c", 0), Lookup::New);
}

#[test]
fn replies_live_thirty_to_sixty_seconds() {
    for (stored_at, start) in [(0, 0), (29_999, 0), (1_700_000_012_345, 1_700_000_000_000)] {
        let mut cache = cache();
        cache.begin(b"first", start);
        cache.begin(b"c", stored_at);
        cache.finish(b"c", b"r");
        assert_eq!(cache.begin(b"c", stored_at + 29_999), Lookup::Done(b"r"));
        assert_eq!(cache.begin(b"c", stored_at + 29_999 + 60_001), Lookup::New);
    }
}

#[test]
fn a_long_pause_empties_it() {
    let mut cache = cache();
    cache.begin(b"c", 0);
    cache.finish(b"c", b"r");
    assert_eq!(cache.begin(b"d", 1_000_000), Lookup::New);
    assert_eq!(cache.len(), 1);
}

#[test]
fn it_is_bounded_in_entries_and_forgets_the_oldest() {
    let mut cache = CookieCache::new(100, 1_000_000);
    for number in 0..10_000u32 {
        let cookie = number.to_be_bytes();
        assert_eq!(cache.begin(&cookie, 0), Lookup::New);
        cache.finish(&cookie, b"reply");
        assert!(cache.len() <= 100, "{}", cache.len());
        assert_eq!(cache.begin(&cookie, 0), Lookup::Done(b"reply"));
        if number > 0 {
            assert_eq!(cache.begin(&(number - 1).to_be_bytes(), 0), Lookup::Done(b"reply"));
        }
    }
}

#[test]
fn it_is_bounded_in_bytes() {
    let mut cache = CookieCache::new(10_000, 10_000);
    for number in 0..1000u32 {
        cache.begin(&number.to_be_bytes(), 0);
        cache.finish(&number.to_be_bytes(), &[7; 1000]);
        assert!(cache.bytes() <= 10_000, "{}", cache.bytes());
    }
    cache.begin(b"huge", 0);
    cache.finish(b"huge", &[7; 6000]);
    assert_eq!(cache.begin(b"huge", 0), Lookup::New, "too large to keep");
}

#[test]
fn bytes_are_counted_back_to_zero() {
    let mut cache = cache();
    for number in 0..50u32 {
        cache.begin(&number.to_be_bytes(), u64::from(number) * 2000);
        cache.finish(&number.to_be_bytes(), b"some reply");
    }
    cache.begin(b"x", 10_000_000);
    cache.abandon(b"x");
    assert_eq!((cache.len(), cache.bytes(), cache.is_empty()), (0, 0, true));
}
