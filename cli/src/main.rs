//! The one binary: `sallyport gateway`, `sallyport agent`, and the commands people use.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sallyport::main()
}
