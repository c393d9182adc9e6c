//! Where the parts of a spec lie in its text, told by indentation alone.

use std::ops::Range;

use crate::Problem;

/// The service's lines in a text of their own, where they are indented as they are, below this.
pub(crate) const ABOVE: &str = "services:\n";

/// A spec whose `services:` stands alone on a line and is a block of names.
#[derive(Debug)]
pub(crate) struct Outline<'a> {
    text: &'a str,
    /// The line `services:`, from 1.
    key_line: u32,
    head: Range<usize>,
    /// One for each service.
    services: Vec<(u32, Range<usize>)>,
    tail_line: u32,
    tail: Range<usize>,
}

/// All of a spec but its services, as a text of its own.
#[derive(Debug)]
pub(crate) struct Shell {
    pub text: String,
    /// What stands below this line, stands so many lines further down in the spec.
    key_line: u32,
    gap: u32,
}

impl Shell {
    /// From its own lines to those of the spec.
    pub(crate) fn moved(&self, problem: &Problem) -> Problem {
        let moved = |line: u32| if line > self.key_line { line + self.gap } else { line };
        Problem {
            line: moved(problem.line),
            end_line: moved(problem.end_line),
            ..problem.clone()
        }
    }
}

impl Outline<'_> {
    /// All but the services.
    pub(crate) fn shell(&self) -> Shell {
        let head = self.text.get(self.head.clone()).unwrap_or_default();
        let tail = self.text.get(self.tail.clone()).unwrap_or_default();
        Shell {
            text: format!("{head}services: {{}}\n{tail}"),
            key_line: self.key_line,
            gap: self.tail_line - self.key_line - 1,
        }
    }

    /// The services with the line at which each begins, from 1.
    pub(crate) fn services(&self) -> impl Iterator<Item = (u32, &str)> {
        self.services
            .iter()
            .map(|(line, range)| (*line, self.text.get(range.clone()).unwrap_or_default()))
    }
}

/// The parts of a spec, or `None` where indentation alone does not tell them: several documents, `services` twice, in brackets or
/// as a list, breaks that not all readers take for one, and the like.
///
/// A line inside of quotes or brackets may look like the beginning of a part. The part before it cannot be read alone then.
pub(crate) fn outline(text: &str) -> Option<Outline<'_>> {
    let mut key: Option<(u32, usize)> = None;
    let mut tail: Option<(u32, usize)> = None;
    let mut column = None;
    let mut starts: Vec<(u32, usize)> = Vec::new();
    let mut start = 0;
    let mut number = 0_u32;
    for line in text.split_inclusive('\n') {
        let here = start;
        start += line.len();
        number += 1;
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        if content.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']) {
            return None;
        }
        let trimmed = content.trim_start_matches(' ');
        if trimmed.is_empty() || trimmed.starts_with(['#', '\t']) {
            continue;
        }
        let indent = content.len() - trimmed.len();
        if indent == 0 {
            if content.starts_with("---") || content.starts_with("...") || content.starts_with('%') {
                return None;
            }
            if is_key(content) {
                if key.replace((number, here)).is_some() {
                    return None;
                }
            } else if key.is_some() && tail.is_none() {
                tail = Some((number, here));
            }
        } else if key.is_some() && tail.is_none() && indent == *column.get_or_insert(indent) {
            if trimmed.starts_with([
                '-', '?', ':', '&', '*', '!', '|', '>', '%', '@', '`', '{', '}', '[', ']', ',', '<',
            ]) {
                return None;
            }
            starts.push((number, here));
        }
    }
    let (key_line, key) = key?;
    let (tail_line, tail) = tail.unwrap_or((number + 1, text.len()));
    if starts.is_empty() {
        return None;
    }
    let ends = starts.iter().skip(1).map(|(_, start)| *start).chain([tail]);
    Some(Outline {
        text,
        key_line,
        head: 0..key,
        services: starts
            .iter()
            .zip(ends)
            .map(|((line, start), end)| (*line, *start..end))
            .collect(),
        tail_line,
        tail: tail..text.len(),
    })
}

/// `services:`, with nothing but a comment after it.
fn is_key(line: &str) -> bool {
    line.strip_prefix("services:").is_some_and(|rest| {
        let rest = rest.trim_end_matches([' ', '\t']);
        rest.is_empty() || rest.trim_start_matches([' ', '\t']).starts_with('#') && rest.starts_with([' ', '\t'])
    })
}
