//! Compiles the BPF programs and generates their skeletons.

use libbpf_cargo::SkeletonBuilder;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=bpf");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if Command::new("clang").arg("--version").output().is_err() {
        panic!(
            "\n\nThe crate `afxdp` compiles BPF programs and needs clang (with its BPF target), m4, and the \
             development files of libelf and zlib.\nOn Debian: apt install clang llvm libclang-dev m4 libelf-dev \
             zlib1g-dev\nWithout them, leave the crate out: the other workspace members do not need it.\n\n"
        );
    }
    let mut args = vec!["-Wall".to_owned(), "-Wextra".to_owned()];
    // Where Debian keeps asm/types.h; other distributions have it in the standard place.
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let multiarch = format!("/usr/include/{arch}-linux-gnu");
    if Path::new(&multiarch).is_dir() {
        args.push(format!("-I{multiarch}"));
    }
    for program in ["steer", "lookup"] {
        // The object is kept beside the skeleton: a test compares our mirror structs with its type information.
        let built = SkeletonBuilder::new()
            .source(format!("bpf/{program}.bpf.c"))
            .obj(out.join(format!("{program}.bpf.o")))
            .clang_args(&args)
            .build_and_generate(out.join(format!("{program}.skel.rs")));
        if let Err(error) = built {
            panic!("\n\nbpf/{program}.bpf.c does not build: {error:#}\n\n");
        }
    }
}
