//! Compares the mirror with `kmod/uapi/rtpengine.h` by asking a C compiler for sizes, offsets and constants.

#![allow(clippy::unwrap_used)] // a test

use compat_procfs::abi::{CONSTANTS, LAYOUTS, Layout, SECRET_LAYOUTS};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

fn structs() -> impl Iterator<Item = &'static Layout> {
    LAYOUTS.iter().chain(SECRET_LAYOUTS)
}

/// What the C program must print.
fn expected() -> String {
    let mut text = String::new();
    for (name, size, fields) in structs() {
        writeln!(text, "{name} {size}").unwrap();
        for (field, offset, size) in *fields {
            writeln!(text, "{name}.{field} {offset} {size}").unwrap();
        }
        let last = fields.last().unwrap();
        assert_eq!(last.1 + last.2, *size, "{name} has padding at its end");
    }
    for (name, value) in CONSTANTS {
        writeln!(text, "{name} {value}").unwrap();
    }
    text
}

fn program() -> String {
    let mut text =
        "#include <stdio.h>\n#include <stddef.h>\n#include \"rtpengine.h\"\nint main(void) {\n".to_owned();
    for (name, _, fields) in structs() {
        writeln!(text, "printf(\"{name} %zu\\n\", sizeof(struct {name}));").unwrap();
        for (field, _, _) in *fields {
            writeln!(
                text,
                "printf(\"{name}.{field} %zu %zu\\n\", offsetof(struct {name}, {field}), \
                 sizeof(((struct {name} *)0)->{field}));"
            )
            .unwrap();
        }
    }
    for (name, _) in CONSTANTS {
        writeln!(text, "printf(\"{name} %llu\\n\", (unsigned long long)RTPE_{name});").unwrap();
    }
    text + "return 0; }\n"
}

#[test]
fn the_mirror_is_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kmod/uapi");
    let (source, binary) = (folder.path().join("layout.c"), folder.path().join("layout"));
    std::fs::write(&source, program()).unwrap();
    let built = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Wpadded", "-Werror", "-I"])
        .arg(&header)
        .arg("-o")
        .args([&binary, &source])
        .output()
        .expect("a C compiler is needed for this test");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let said = Command::new(&binary).output().unwrap();
    assert!(said.status.success());
    let said = String::from_utf8(said.stdout).unwrap();
    for (theirs, ours) in said.lines().zip(expected().lines()) {
        assert_eq!(theirs, ours, "left: the header, right: the mirror");
    }
    assert_eq!(said.lines().count(), expected().lines().count());
}

#[test]
fn every_struct_of_the_header_is_mirrored() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kmod/uapi/rtpengine.h");
    let text = std::fs::read_to_string(header).unwrap();
    let mut found = 0;
    for line in text.lines() {
        let Some(name) = line.strip_prefix("struct rtpe_").and_then(|rest| rest.strip_suffix(" {")) else {
            continue;
        };
        found += 1;
        assert!(
            structs().any(|(c, _, _)| *c == format!("rtpe_{name}")),
            "struct rtpe_{name} is not mirrored"
        );
    }
    assert_eq!(found, structs().count());
}
