//! Compiles the contract with a protobuf compiler written in Rust: no `protoc` is needed.

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["proto/tunnel.proto", "proto/event.proto"], ["proto"])?;
    // The set is passed on as bytes so that the two sides may differ in their minor version of prost.
    let files = prost_types::FileDescriptorSet::decode(files.encode_to_vec().as_slice())?;
    tonic_prost_build::configure().codec_path("crate::codec::LeanCodec").bytes(".").compile_fds(files)?;
    Ok(())
}
