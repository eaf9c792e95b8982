use super::*;

fn hello() -> Hello {
    let mut version = [0; 32];
    version[..5].copy_from_slice(b"9.8.7");
    Hello {
        magic: MAGIC,
        abi: ABI_VERSION,
        size_hello: size_of::<Hello>() as u32,
        size_claim: size_of::<ClaimRequest>() as u32,
        size_flow: size_of::<Flow>() as u32,
        size_output: size_of::<Output>() as u32,
        size_pick: size_of::<Pick>() as u32,
        size_snapshot: size_of::<Snapshot>() as u32,
        table: 42,
        owner: 77,
        flows: 3,
        suites: 0x7f,
        version,
    }
}

#[test]
fn a_matching_module_is_greeted() {
    let said = check(hello().as_bytes()).unwrap().unwrap();
    assert_eq!(said, Greeting { version: "9.8.7".into(), owner: Some(77), flows: 3, suites: 0x7f });
}

#[test]
fn another_version_is_named_with_ours() {
    let mut other = hello();
    other.abi = ABI_VERSION + 6;
    let text = check(other.as_bytes()).unwrap().unwrap_err().to_string();
    assert!(text.contains("ABI version 8") && text.contains("version 2") && text.contains("9.8.7"), "{text}");
    // A greeting of another length, as another version may have, says its version too.
    let text = check(&other.as_bytes()[..12]).unwrap().unwrap_err().to_string();
    assert!(text.contains("ABI version 8"), "{text}");
}

#[test]
fn another_size_names_the_struct_and_both_sizes() {
    let mut other = hello();
    other.size_flow = 1;
    let text = check(other.as_bytes()).unwrap().unwrap_err().to_string();
    assert!(text.contains("struct rtpe_flow is 1 bytes in the module"), "{text}");
    assert!(text.contains(&format!("{} here", size_of::<Flow>())), "{text}");
}

#[test]
fn what_is_not_our_module_is_not_believed() {
    assert!(check(b"").is_none());
    assert!(check(&[0; 80]).is_none());
    let mut short = hello().as_bytes().to_vec();
    short.pop();
    assert!(check(&short).is_none());
}

#[test]
fn without_a_module_the_error_says_so() {
    let empty = tempfile::tempdir().unwrap();
    let tables = Tables::at(empty.path().join("rtpengine"));
    assert!(matches!(Control::open(&tables, 1), Err(Error::NoModule(_))));
    assert!(matches!(tables.add(1), Err(Error::NoModule(_))));
    assert!(matches!(tables.list(), Err(Error::NoModule(_))));
    assert!(matches!(tables.add(64), Err(Error::NoSuchNumber(64))));
}
