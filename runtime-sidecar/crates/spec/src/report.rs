//! The list of problems while it grows.

use crate::Problem;
use crate::tree::Range;

/// More help nobody; the rest shows when these are mended.
const MAX_PROBLEMS: usize = 200;

/// A code and a message.
pub(crate) struct Words {
    pub code: String,
    pub message: String,
}

impl Words {
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Report {
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn add(&mut self, range: Range, path: String, words: Words) {
        let problem = Problem {
            line: range.start.line.max(1),
            column: range.start.column.max(1),
            end_line: range.end.line.max(1),
            end_column: range.end.column.max(1),
            path,
            code: words.code,
            message: words.message,
        };
        self.push(problem);
    }

    /// Unless it is known: an anchor that is used twice is wrong once.
    pub(crate) fn push(&mut self, problem: Problem) {
        let known = self.problems.iter().any(|other| {
            (other.line, other.column, &other.code, &other.message)
                == (problem.line, problem.column, &problem.code, &problem.message)
        });
        if !known && !self.full() {
            self.problems.push(problem);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// In the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.problems
            .sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
        self.problems
    }
}
