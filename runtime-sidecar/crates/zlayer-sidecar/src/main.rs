use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(text) = sidecar_api_types::document().to_pretty_json() else { return ExitCode::FAILURE };
    println!("{text}");
    ExitCode::SUCCESS
}
