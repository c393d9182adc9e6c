//! Prints the JSON Schema of a spec, read from the sources of zlayer-types: `schema SOURCES/src`.
//!
//! Names, kinds, documentation and defaults come from the types themselves, so the schema says what the crate says. What a JSON
//! Schema cannot express is listed in docs/schema-exceptions.md, which a test holds against the crate.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attributes;
mod constraints;
mod defaults;
mod types;

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::types::Types;

fn main() {
    let sources = std::env::args().nth(1).expect("usage: schema ZLAYER_TYPES/src");
    let sources = Path::new(&sources);
    let mut types = Types::default();
    types.read(&sources.join("spec/types.rs"), "");
    types.read(&sources.join("overlay.rs"), "overlay::");
    types.read(&sources.join("secrets/types.rs"), "secrets::");
    let root = types.definition("DeploymentSpec");
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("$comment".into(), json!(COMMENT));
    schema.insert("title".into(), json!("ZLayer deployment spec v1"));
    schema.extend(root.as_object().unwrap().clone());
    schema.insert("definitions".into(), Value::Object(types.finish()));
    println!("{}", serde_json::to_string_pretty(&Value::Object(schema)).unwrap());
}

const COMMENT: &str = "Generated from zlayer-types 0.14.3 by scripts/generate-schema.mjs; do not edit. \
Descriptions are those of the crate (Apache-2.0). What this schema and ZLayer see differently is listed in docs/schema-exceptions.md.";
