//! Reads texts, one JSON string a line, and prints `true` for each that `zlayer-types` takes and `false` for the others. It asks the
//! crate itself and nothing of ours, for comparisons.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, Write};
use std::panic::catch_unwind;

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line.unwrap()).expect("each line is a JSON string");
        let valid = catch_unwind(|| zlayer_types::spec::from_yaml_str(&text).is_ok()).unwrap_or(false);
        writeln!(out, "{valid}").unwrap();
        out.flush().unwrap();
    }
}
