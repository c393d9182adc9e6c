//! `zlayer-sidecar validate`

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use sidecar_api_types::{ProblemSeverity, SpecProblem};
use sidecar_spec::Problem;

use crate::cli::ValidateArgs;

/// Longer specs are not read to their end.
const LONGEST: u64 = sidecar_spec::MAX_BYTES as u64 + 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Valid = 0,
    Invalid = 1,
    Unreadable = 2,
}

pub(crate) fn run(args: &ValidateArgs) -> ExitCode {
    let mut worst = Verdict::Valid;
    for file in &args.files {
        worst = worst.max(check(file, args.json));
    }
    ExitCode::from(worst as u8)
}

fn check(file: &Path, json: bool) -> Verdict {
    let name = file.display().to_string();
    let text = match read(file) {
        Ok(text) => text,
        Err(cause) => {
            let message = format!("cannot be read: {cause}");
            let nowhere = Problem {
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
                path: String::new(),
                code: "unreadable".to_owned(),
                message,
            };
            print(&name, nowhere, ProblemSeverity::Error, json);
            return Verdict::Unreadable;
        }
    };
    match sidecar_spec::parse(&text) {
        Ok(spec) => {
            // The engine's variables are not known here.
            let impossible = sidecar_spec::impossible(&text, &spec, None);
            let verdict = if impossible.is_empty() {
                Verdict::Valid
            } else {
                Verdict::Invalid
            };
            // Valid for ZLayer; what this engine does not do is worth knowing before the deploy refuses it.
            let unserved = sidecar_spec::unserved(&text, &spec);
            let mut found: Vec<(Problem, ProblemSeverity)> = Vec::new();
            found.extend(impossible.into_iter().map(|problem| (problem, ProblemSeverity::Error)));
            found.extend(unserved.into_iter().map(|problem| (problem, ProblemSeverity::Warning)));
            found.sort_by_key(|(problem, _)| (problem.line, problem.column));
            for (problem, severity) in found {
                print(&name, problem, severity, json);
            }
            verdict
        }
        Err(problems) => {
            for problem in problems {
                print(&name, problem, ProblemSeverity::Error, json);
            }
            Verdict::Invalid
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(LONGEST).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn print(file: &str, problem: Problem, severity: ProblemSeverity, json: bool) {
    let Problem {
        line,
        column,
        end_line,
        end_column,
        path,
        code,
        message,
    } = problem;
    let text = if json {
        let problem = SpecProblem {
            file: Some(file.to_owned()),
            line,
            column,
            end_line,
            end_column,
            path,
            severity,
            code,
            message,
        };
        serde_json::to_string(&problem).unwrap_or_default()
    } else {
        let severity = match severity {
            ProblemSeverity::Error => "error",
            ProblemSeverity::Warning => "warning",
        };
        format!("{file}:{line}:{column}: {severity}: {message}")
    };
    // Whoever reads our output may have gone.
    let _ = writeln!(io::stdout(), "{text}");
}
