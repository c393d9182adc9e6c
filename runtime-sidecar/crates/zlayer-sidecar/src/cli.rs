//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::{serve, validate};

/// Runs containers from ZLayer specs.
#[derive(Debug, Parser)]
#[command(name = "zlayer-sidecar", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API on a unix socket until SIGTERM or SIGINT. Containers go on running afterwards.
    ///
    /// Exit codes: 0 ended as asked, 1 failed, 2 wrong arguments, 3 another sidecar holds the data directory.
    Serve(ServeArgs),
    /// Check specs. Exit codes: 0 all valid, 1 at least one invalid, 2 at least one unreadable.
    Validate(ValidateArgs),
    /// Print the OpenAPI document of the sidecar's own calls.
    #[command(hide = true)]
    Openapi,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Directory for images, containers, volumes and state.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Path of the unix socket, at most 107 bytes.
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
    /// Run containers without root, in a user namespace.
    #[arg(long)]
    pub rootless: bool,
    /// Also listen on a TCP address.
    #[arg(long, value_name = "ADDR")]
    pub listen: Vec<SocketAddr>,
    /// Cgroup below which containers are made.
    #[arg(long, value_name = "NAME", hide = true, default_value = "zlayer")]
    pub cgroup_parent: String,
    /// Addresses for containers.
    #[arg(long, value_name = "NETWORK", hide = true, default_value = "10.89.0.0/16")]
    pub pool: ipnet::Ipv4Net,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Print one JSON object a line: file, line, column, endLine, endColumn, path, severity, code, message.
    #[arg(long)]
    pub json: bool,
    /// Specs; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

pub(crate) fn run() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Validate(args) => validate::run(&args),
        Command::Openapi => match sidecar_api_types::document().to_pretty_json() {
            Ok(text) => {
                println!("{text}");
                ExitCode::SUCCESS
            }
            Err(cause) => {
                eprintln!("zlayer-sidecar: {cause}");
                ExitCode::FAILURE
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
