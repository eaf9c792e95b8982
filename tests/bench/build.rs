//! Compiles the traffic programs, those of the bare forwarders and that before the program under test, and generates their skeletons.

use libbpf_cargo::SkeletonBuilder;
use std::env;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=bpf");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut args = vec!["-Wall".to_owned(), "-Wextra".to_owned()];
    // Where Debian keeps asm/types.h; other distributions have it in the standard place.
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let multiarch = format!("/usr/include/{arch}-linux-gnu");
    if Path::new(&multiarch).is_dir() {
        args.push(format!("-I{multiarch}"));
    }
    for name in ["traffic", "l2fwd", "xdpfwd", "visit"] {
        let source = format!("bpf/{name}.bpf.c");
        let skeleton = out.join(format!("{name}.skel.rs"));
        let built =
            SkeletonBuilder::new().source(&source).clang_args(args.clone()).build_and_generate(skeleton);
        if let Err(error) = built {
            panic!("\n\n{source} does not build: {error:#}\n\n");
        }
    }
}
