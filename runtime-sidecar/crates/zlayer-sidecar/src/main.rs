//! `zlayer-sidecar`: the engine of one machine, for one user.

mod cli;
mod lock;
mod memory;
mod serve;
mod validate;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A shim is started for each container: it must not pay for what only the sidecar needs.
    let mut args = std::env::args_os().skip(1);
    if args.next().as_deref() == Some(OsStr::new("shim")) {
        let Some(dir) = args.next() else {
            eprintln!("zlayer-sidecar shim: the container's directory is missing");
            return ExitCode::from(2);
        };
        return ExitCode::from(u8::try_from(sidecar_container::shim_main(Path::new(&dir))).unwrap_or(1));
    }
    cli::run()
}
