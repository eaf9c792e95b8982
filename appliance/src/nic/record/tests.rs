use super::*;
use afxdp::nic::Undo;

fn before() -> Before {
    let undo = vec![Undo::Sysfs("gro_flush_timeout".to_owned(), 7)];
    Before { mac: Some(Mac([2, 0, 0, 0, 0, 1])), restore: Restore { interface: "eth0".to_owned(), undo } }
}

#[test]
fn what_was_written_is_read_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::of(&folder.path().join("new")).unwrap();
    assert_eq!(records.left_behind().unwrap(), [""; 0], "no folder is an empty one");
    let record = records.lock("eth0").unwrap();
    record.write(&before()).unwrap();
    assert!(
        matches!(records.lock("eth0"), Err(Error::InUse { pid, .. }) if pid == std::process::id().to_string())
    );
    assert_eq!(records.user_of("eth0"), Some(std::process::id().to_string()));
    drop(record);
    assert_eq!(records.user_of("eth0"), None);
    assert_eq!(records.left_behind().unwrap(), ["eth0"]);
    let record = records.lock("eth0").unwrap();
    assert_eq!(record.read(before().mac), Some(before().restore));
    record.clear();
    assert_eq!(record.read(before().mac), None);
    assert_eq!(records.left_behind().unwrap(), [""; 0]);
}

#[test]
fn another_nic_of_the_name_and_damage_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::of(folder.path()).unwrap();
    let record = records.lock("eth0").unwrap();
    record.write(&before()).unwrap();
    assert_eq!(record.read(Some(Mac([2, 0, 0, 0, 0, 2]))), None);
    assert_eq!(record.read(None), None);
    for damage in
        ["", "address", "address 02:00:00:00:00:01\n", "address 02:00:00:00:00:01\ninterface eth0\nrule x\n"]
    {
        fs::write(&record.path, damage).unwrap();
        assert_eq!(record.read(before().mac), None, "{damage:?}");
    }
    let elsewhere = Records { namespace: records.namespace + 1, ..records.clone() };
    assert_eq!(elsewhere.left_behind().unwrap(), [""; 0], "another network namespace has other devices");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let told = Records::of(Path::new("/proc/nothing")).unwrap().lock("eth0").unwrap_err().to_string();
    assert!(told.starts_with("/proc/nothing: ") && told.contains("state-folder"), "{told}");
}
