//! Specs that were changed at random. What is valid is what zlayer-types takes; every range lies inside the text; nothing panics.
//! `PROPTEST_CASES` sets the number.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sidecar_spec::{Problem, parse, unserved};
use zlayer_types::spec::from_yaml_str;

/// Words that turn up where they do not belong.
const WORDS: &[&str] = &[
    "null",
    "~",
    "true",
    "yes",
    "0",
    "-1",
    "1.5",
    "99999999999999999999",
    "0x1f",
    "0o7",
    ".nan",
    ".inf",
    "''",
    "\"",
    "'",
    "{}",
    "[]",
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "? ",
    "|",
    ">",
    "&a",
    "*a",
    "*b",
    "!pin",
    "!pin x",
    "!!str 5",
    "<<",
    "<<: *a",
    "#",
    "\t",
    "  ",
    "\n",
    "\r\n",
    "\u{feff}",
    "é",
    "😀",
    "\u{2028}",
    "\u{85}",
    "---",
    "...",
    "%YAML 1.2",
    "image",
    "services",
    "name",
    "type: tcp",
    "mode: fixed",
    "version: v2",
    "nginx:1",
    "512MB",
    "5s",
    "5",
    "a.b",
    "a[0]",
    "services.web",
];

#[derive(Debug, Clone)]
enum Change {
    Insert(prop::sample::Index, usize),
    Delete(prop::sample::Index, usize),
    DeleteLine(prop::sample::Index),
    RepeatLine(prop::sample::Index, prop::sample::Index),
    Indent(prop::sample::Index, bool),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<prop::sample::Index>(), 0..WORDS.len()).prop_map(|(at, word)| Change::Insert(at, word)),
        (any::<prop::sample::Index>(), 1_usize..12).prop_map(|(at, count)| Change::Delete(at, count)),
        any::<prop::sample::Index>().prop_map(Change::DeleteLine),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(from, to)| Change::RepeatLine(from, to)),
        (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, more)| Change::Indent(at, more)),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if chars.is_empty() {
        return "a".to_owned();
    }
    match change {
        Change::Insert(at, word) => {
            let at = at.index(chars.len());
            chars.splice(at..at, WORDS[*word].chars());
            return chars.into_iter().collect();
        }
        Change::Delete(at, count) => {
            let at = at.index(chars.len());
            let end = (at + count).min(chars.len());
            chars.drain(at..end);
            return chars.into_iter().collect();
        }
        Change::DeleteLine(at) => {
            let at = at.index(lines.len());
            lines.remove(at);
        }
        Change::RepeatLine(from, to) => {
            let line = lines[from.index(lines.len())].clone();
            let to = to.index(lines.len());
            lines.insert(to, line);
        }
        Change::Indent(at, more) => {
            let at = at.index(lines.len());
            let line = &lines[at];
            lines[at] = if *more {
                format!("  {line}")
            } else {
                line.strip_prefix("  ").unwrap_or(line).to_owned()
            };
        }
    }
    lines.join("\n")
}

fn specs() -> Vec<String> {
    let mut all = Vec::new();
    for directory in ["problems", "unserved"] {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(directory);
        let mut files: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        all.extend(files.iter().map(|file| {
            std::fs::read_to_string(file)
                .unwrap()
                .split("#>")
                .next()
                .unwrap()
                .to_owned()
        }));
    }
    all
}

fn inside(text: &str, problem: &Problem) -> bool {
    let lines: Vec<usize> = text
        .replace("\r\n", "\n")
        .split(['\n', '\r'])
        .map(|line| line.chars().count())
        .collect();
    let width = |line: u32| lines.get(line as usize - 1).copied();
    let (Some(first), Some(last)) = (width(problem.line), width(problem.end_line)) else {
        return false;
    };
    (problem.line, problem.column) <= (problem.end_line, problem.end_column)
        && problem.column >= 1
        && problem.column as usize <= first + 1
        && problem.end_column as usize <= last + 1
}

fn check(text: &str) {
    match (from_yaml_str(text), parse(text)) {
        (Ok(wanted), Ok(spec)) => {
            assert_eq!(wanted, spec);
            for problem in unserved(text, &spec) {
                assert!(inside(text, &problem), "{problem:?}\n{text}");
            }
        }
        (Err(_), Err(problems)) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(inside(text, &problem), "{problem:?}\n{text}");
                assert!(!problem.code.is_empty() && !problem.message.is_empty());
                assert_ne!(problem.code, "validator-failed", "{text}");
            }
        }
        (wanted, got) => panic!("zlayer-types: {wanted:?}\nthis crate: {got:?}\n{text}"),
    }
}

/// `PROPTEST_CASES`, or enough for each build.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(1_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_specs_keep_verdict_and_ranges(at in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let specs = specs();
        let mut text = specs[at.index(specs.len())].clone();
        for change in &changes {
            text = apply(&text, change);
        }
        check(&text);
    }

    #[test]
    fn any_text_keeps_verdict_and_ranges(text in "(\\PC|[:\\-\\[\\]{}&*!|>'\"#\\n\\t ]){0,80}") {
        check(&text);
    }
}

#[test]
fn aliases_that_multiply_are_refused_quickly() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    check(&text);
    check(&format!(
        "version: v1\ndeployment: demo\nservices:\n  web: *a11\n{text}"
    ));
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        check(&format!(
            "version: v1\ndeployment: demo\nservices: {}{}",
            open.repeat(5_000),
            close.repeat(5_000)
        ));
    }
}

#[test]
fn a_spec_beyond_measure_is_refused_unread() {
    let text = format!(
        "version: v1\ndeployment: demo\n#{}",
        "x".repeat(sidecar_spec::MAX_BYTES)
    );
    assert_eq!(parse(&text).unwrap_err()[0].code, "spec-too-large");
}
