//! What the engine makes of a spec: validity, and the fields that this engine serves.
//!
//! [`parse`] decides with ZLayer's own crate, `zlayer-types`, and nothing else; what this crate adds is finding every
//! problem, where it stands in the text, and words for it. [`impossible`] tells what keeps a valid spec from ever running, and
//! [`unserved`] compares it with the table of what this engine does. The engine refuses what any of the three finds.

mod check;
mod collect;
mod dependencies;
mod editing;
mod emit;
mod explain;
mod impossible;
pub mod kernel;
mod locate;
mod outline;
pub mod parts;
mod path;
mod reason;
mod report;
mod served;
mod syntax;
mod tree;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use editing::{Editing, Findings};
pub use impossible::{impossible, variables};

use serde::Serialize;
use zlayer_types::spec::{DeploymentSpec, ExternalSpec, ServiceSpec, SpecError, TunnelDefinition, from_yaml_str};

use crate::path::Path;
use crate::report::{Report, Words};
use crate::tree::{NoTree, Node, Value};

/// A longer text is refused unread, in bytes: no spec is that long, and a hostile one must not hold the engine.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A problem of a spec: where and what. Positions are 1-based, columns count characters (Unicode scalar values); the end is
/// exclusive. Every range lies inside the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// `services.web.depends[0].service`; empty for the spec as a whole.
    pub path: String,
    /// Stable, in kebab case.
    pub code: String,
    /// For the user: what is wrong and what to write instead.
    pub message: String,
}

/// What `zlayer-types` (the same crate and version as ZLayer's) says of this text. `Ok`: the spec; `Err`: at least one problem.
///
/// # Errors
///
/// Every problem that can be told apart, in the order of the text. A text above [`MAX_BYTES`] is refused unread.
pub fn parse(text: &str) -> Result<DeploymentSpec, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let words = Words::new(
            "spec-too-large",
            format!(
                "The spec has {} bytes; {MAX_BYTES} are the most. Split it into several deployments.",
                text.len()
            ),
        );
        return Err(one(text, 1, 1, String::new(), words));
    }
    let error = match catch_unwind(|| from_yaml_str(text)) {
        Ok(Ok(spec)) => return Ok(spec),
        Ok(Err(error)) => Some(error),
        Err(_) => None,
    };
    let mut problems = catch_unwind(AssertUnwindSafe(|| find(text))).unwrap_or_default();
    if problems.is_empty() {
        problems = match error {
            Some(error) => first_only(text, &error),
            None => one(
                text,
                1,
                1,
                String::new(),
                Words::new(
                    "validator-failed",
                    "The validator broke down over this spec. Please report it with the spec.",
                ),
            ),
        };
    }
    syntax::clamp_all(text, &mut problems);
    Err(problems)
}

/// Fields of a valid spec that ask for something this engine does not do yet. They are refused, never ignored.
///
/// Whatever the table of served fields does not name is refused unless leaving it out means the same, so a field that a later
/// `zlayer-types` adds is refused too. `text` is where `spec` was read from; where it cannot be placed in the text, a problem
/// stands at its beginning.
#[must_use]
pub fn unserved(text: &str, spec: &DeploymentSpec) -> Vec<Problem> {
    let mut problems = match tree::read(text) {
        Ok(root) => served::unserved(&root),
        // The text is not at hand as a tree: the spec itself is asked, without places.
        Err(_) => serde_yaml::to_string(spec)
            .ok()
            .and_then(|text| tree::read(&text).ok())
            .map(|root| served::unserved(&root))
            .unwrap_or_default()
            .into_iter()
            .map(|problem| Problem {
                line: 1,
                column: 1,
                end_line: 1,
                end_column: 1,
                ..problem
            })
            .collect(),
    };
    problems.sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
    syntax::clamp_all(text, &mut problems);
    problems
}

/// Every problem of the text, which is not valid; none if it cannot be read as a tree of its own.
fn find(text: &str) -> Vec<Problem> {
    match Editing::default().by_parts(text) {
        Some(Findings {
            valid: false, problems, ..
        }) => problems,
        _ => find_in_whole(text),
    }
}

fn find_in_whole(text: &str) -> Vec<Problem> {
    let mut report = Report::default();
    if text.starts_with('\u{feff}') {
        let words = Words::new(
            "byte-order-mark",
            "The file begins with a byte order mark, which ZLayer does not read. Save it as UTF-8 without one.",
        );
        return one(text, 1, 1, String::new(), words);
    }
    match tree::read(text) {
        Ok(root) => everything(root, &mut report),
        Err(NoTree::SecondDocument(at)) => {
            let words = Words::new(
                "second-document",
                "A spec is one YAML document, and a second begins here. Remove `---` or put it into a file of its own.",
            );
            return one(text, at.line, at.column, String::new(), words);
        }
        Err(NoTree::Empty) => {
            let words = Words::new(
                "empty-spec",
                "The spec is empty. Begin with `version: v1` and `deployment: NAME`.",
            );
            return one(text, 1, 1, String::new(), words);
        }
        Err(NoTree::Syntax { at, message }) => {
            return syntax::problems(text, at, &message);
        }
        Err(NoTree::TooLarge) => {}
    }
    report.finish()
}

fn everything(root: Node, report: &mut Report) {
    let top = Path::root(&root);
    if !matches!(root.value, Value::Map(_)) {
        let words = Words::new(
            "wrong-type",
            "A spec is a mapping. Begin with `version: v1` and `deployment: NAME`.",
        );
        report.add(top.value_range(&root), String::new(), words);
        return;
    }
    // The top level alone first: each of the named parts is looked at by itself, which keeps a long spec quick.
    let mut shell = root.clone();
    if let Value::Map(entries) = &mut shell.value {
        for entry in entries {
            if matches!(entry.key.scalar(), Some("services" | "externals" | "tunnels"))
                && let Value::Map(named) = &mut entry.value.value
            {
                named.clear();
            }
        }
    }
    let Some(mut spec) = collect::collect::<DeploymentSpec>(&mut shell, &top, report) else {
        return;
    };
    check::top(&spec, &shell, &top, report);

    for part in ["services", "externals", "tunnels"] {
        let Some(entry) = root.entry(part) else { continue };
        let Value::Map(named) = &entry.value.value else {
            continue;
        };
        let above = top.key(&entry.key);
        let mut repaired = Vec::with_capacity(named.len());
        for (at, entry) in named.iter().enumerate() {
            let Some(name) = entry.key.scalar() else { continue };
            let path = above.key(&entry.key);
            let mut node = entry.value.clone();
            // Of two with one name the last counts, but both must deserialise.
            let counts = !named.iter().skip(at + 1).any(|later| later.key.scalar() == Some(name));
            match part {
                "services" => {
                    let service = collect::collect::<ServiceSpec>(&mut node, &path, report);
                    if let (Some(service), true) = (&service, counts) {
                        check::service(service, &node, &path, report);
                    }
                    // A service that cannot be read is still one that others may depend on.
                    spec.services.insert(name.to_owned(), service.unwrap_or_default());
                }
                "externals" => {
                    if let (Some(external), true) = (collect::collect::<ExternalSpec>(&mut node, &path, report), counts)
                    {
                        check::external(&external, &node, &path, report);
                        spec.externals.insert(name.to_owned(), external);
                    }
                }
                _ => {
                    if let Some(tunnel) = collect::collect::<TunnelDefinition>(&mut node, &path, report) {
                        spec.tunnels.insert(name.to_owned(), tunnel);
                    }
                }
            }
            repaired.push(tree::Entry {
                key: entry.key.clone(),
                value: node,
            });
        }
        if let Value::Map(entries) = &mut shell.value
            && let Some(entry) = entries.iter_mut().rev().find(|entry| entry.key.scalar() == Some(part))
        {
            entry.value.value = Value::Map(repaired);
        }
    }
    check::across(spec, &shell, report);
}

/// The first error as ZLayer itself reports it, for a text that cannot be taken apart.
fn first_only(text: &str, error: &SpecError) -> Vec<Problem> {
    match error {
        SpecError::YamlError(error) => {
            let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
            let said = error.to_string();
            let words = match said.as_str() {
                said if said.contains("repetition limit") => Words::new(
                    "alias-bomb",
                    "The aliases of this spec repeat too much when written out. Use fewer of them.",
                ),
                said if said.contains("recursion limit") => Words::new("too-deep", "The spec is nested too deeply."),
                said if said.contains("EOF") => Words::new(
                    "empty-spec",
                    "The spec is empty. Begin with `version: v1` and `deployment: NAME`.",
                ),
                said => Words::new("invalid-spec", format!("ZLayer cannot read this spec: {said}.")),
            };
            let narrow = |place: usize| u32::try_from(place).unwrap_or(u32::MAX).max(1);
            one(text, narrow(line), narrow(column), String::new(), words)
        }
        SpecError::Validation(error) => {
            let words = Words::new("invalid-spec", format!("ZLayer refuses this spec: {}.", error.kind));
            one(text, 1, 1, error.path.clone(), words)
        }
        SpecError::Io { .. } => one(text, 1, 1, String::new(), Words::new("invalid-spec", error.to_string())),
    }
}

/// One problem, from its place to the end of the line.
fn one(text: &str, line: u32, column: u32, path: String, words: Words) -> Vec<Problem> {
    let mut problem = Problem {
        line,
        column,
        end_line: line,
        end_column: u32::MAX,
        path,
        code: words.code,
        message: words.message,
    };
    syntax::clamp(text, &mut problem);
    vec![problem]
}
