//! Text that breaks YAML's grammar, and ranges that must lie inside the text.

use crate::Problem;
use crate::report::Words;
use crate::tree::{self, NoTree, Position};

/// Broken lines that are looked for before the rest of the text is left alone.
const MAX_BROKEN: usize = 20;

/// The problem at `at`, and, with that line blanked, those of the lines after it.
pub(crate) fn problems(text: &str, at: Position, message: &str) -> Vec<Problem> {
    let mut found = vec![problem(text, at, message)];
    let mut lines: Vec<&str> = lines(text).collect();
    let mut last = at.line;
    let mut known = vec![message.to_owned()];
    while found.len() < MAX_BROKEN {
        let Some(line) = lines.get_mut(usize::try_from(last).unwrap_or(usize::MAX).saturating_sub(1)) else {
            break;
        };
        *line = "";
        let Err(NoTree::Syntax { at, message: said }) = tree::read(&lines.join("\n")) else {
            break;
        };
        // A later error may be the first one's doing unless it is further down and of another kind.
        if at.line <= last || known.contains(&said) {
            break;
        }
        found.push(problem(text, at, &said));
        last = at.line;
        known.push(said);
    }
    found
}

fn problem(text: &str, at: Position, message: &str) -> Problem {
    let line = lines(text)
        .nth(usize::try_from(at.line).unwrap_or(usize::MAX).saturating_sub(1))
        .unwrap_or_default();
    let hint = if line.starts_with([' ', '\t']) && line.trim_start_matches(' ').starts_with('\t') {
        " YAML is indented with spaces, never with tabs."
    } else if message.contains("mapping values are not allowed") {
        " Put text that holds a colon and a space in quotes, and check the indentation."
    } else if message.contains("unknown anchor") || message.contains("anchor") {
        " Define the anchor (`&name`) before it is used."
    } else {
        " Check quotes, brackets and indentation on this line and the one before."
    };
    let words = Words::new("yaml-syntax", format!("This is not valid YAML: {message}.{hint}"));
    let mut problem = Problem {
        line: at.line,
        column: at.column,
        end_line: at.line,
        end_column: u32::MAX,
        path: String::new(),
        code: words.code,
        message: words.message,
    };
    clamp(text, &mut problem);
    problem
}

/// The lines of a text, whether they end with LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.find(['\n', '\r']) {
            None => {
                rest = None;
                Some(text)
            }
            Some(at) => {
                let (line, after) = text.split_at(at);
                rest = Some(
                    after
                        .strip_prefix("\r\n")
                        .or_else(|| after.get(1..))
                        .unwrap_or_default(),
                );
                Some(line)
            }
        }
    })
}

/// Brings a range into the text: at least a character wide where the line has one.
pub(crate) fn clamp(text: &str, problem: &mut Problem) {
    clamp_all(text, std::slice::from_mut(problem));
}

/// Brings the ranges of all into the text.
pub(crate) fn clamp_all(text: &str, problems: &mut [Problem]) {
    if problems.is_empty() {
        return;
    }
    let widths: Vec<u32> = lines(text)
        .map(|line| u32::try_from(line.chars().count()).unwrap_or(u32::MAX - 1))
        .collect();
    let width = |line: u32| {
        let at = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        widths.get(at).copied().unwrap_or(0)
    };
    let count = u32::try_from(widths.len()).unwrap_or(u32::MAX);
    for problem in problems {
        problem.line = problem.line.clamp(1, count);
        problem.end_line = problem.end_line.clamp(problem.line, count);
        let (first, last) = (width(problem.line), width(problem.end_line));
        problem.column = problem.column.clamp(1, first + 1);
        problem.end_column = problem.end_column.clamp(1, last + 1);
        if problem.line == problem.end_line && problem.end_column <= problem.column {
            if problem.column <= first {
                problem.end_column = problem.column + 1;
            } else {
                // At the end of a line: its last character.
                problem.column = first.max(1);
                problem.end_column = first + 1;
            }
        }
    }
}
