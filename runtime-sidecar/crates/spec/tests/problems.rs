//! Specs and what is found in them. A file's expectation stands in comments at its end, one line for each problem:
//! `#> line:column-line:column path code`. With `UPDATE_EXPECT=1` the test writes them.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::Path;

use sidecar_spec::{Problem, parse, unserved};

fn check(directory: &str, problems: impl Fn(&str) -> Vec<Problem>) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(directory);
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = String::new();
    for file in files {
        let whole = std::fs::read_to_string(&file).unwrap();
        let (text, expected) = match whole.find("#>") {
            Some(at) => whole.split_at(at),
            None => (whole.as_str(), ""),
        };
        let mut found = String::new();
        for p in problems(text) {
            writeln!(
                found,
                "#> {}:{}-{}:{} {} {} | {}",
                p.line, p.column, p.end_line, p.end_column, p.path, p.code, p.message
            )
            .unwrap();
        }
        if found == expected {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, format!("{text}{found}")).unwrap();
        } else {
            writeln!(wrong, "{}\nexpected\n{expected}found\n{found}", file.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_problem_is_found_where_it_stands() {
    check("problems", |text| parse(text).err().unwrap_or_default());
}

#[test]
fn what_is_not_served_is_refused_and_defaults_are_not() {
    check("unserved", |text| unserved(text, &parse(text).unwrap()));
}
