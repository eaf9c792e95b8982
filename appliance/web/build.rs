//! Turns the proto file into Rust, without `protoc`.

use std::error::Error;

/// Every message goes through JSON on its way to ng and back: keys in ng's spelling, whatever is missing is empty.
const JSON: &str =
    "#[derive(serde::Serialize, serde::Deserialize)] #[serde(default, rename_all = \"kebab-case\")]";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto/rtpengine.proto");
    let files = protox::compile(["rtpengine.proto"], ["proto"])?;
    let skip = "#[serde(skip)]";
    tonic_prost_build::configure()
        .build_transport(false)
        .message_attribute(".rtpengine.v1", JSON)
        .field_attribute("more", skip)
        .field_attribute(".rtpengine.v1.StatisticsReply.all", skip)
        .compile_fds(files)?;
    Ok(())
}
