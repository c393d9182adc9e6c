//! Prints the actions of init steps and what each reads from `with`, from the sources of zlayer-init-actions:
//! `init_actions SOURCES/src`. The crate holds them in code only, as the arms of `from_spec`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use quote::ToTokens;
use serde_json::{Map, Value, json};
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, Lit, Local, Pat};

fn main() {
    let sources = std::env::args()
        .nth(1)
        .expect("usage: init_actions ZLAYER_INIT_ACTIONS/src");
    let text = std::fs::read_to_string(std::path::Path::new(&sources).join("actions.rs")).unwrap();
    let mut actions = Actions::default();
    actions.visit_file(&syn::parse_file(&text).unwrap());
    assert!(
        !actions.0.is_empty(),
        "from_spec has no arms that name an action any more"
    );
    println!("{}", serde_json::to_string_pretty(&Value::Object(actions.0)).unwrap());
}

#[derive(Default)]
struct Actions(Map<String, Value>);

impl Visit<'_> for Actions {
    fn visit_arm(&mut self, arm: &syn::Arm) {
        if let Pat::Lit(literal) = &arm.pat
            && let Lit::Str(name) = &literal.lit
            && name.value().starts_with("init.")
        {
            let mut parameters = Parameters::default();
            parameters.visit_expr(&arm.body);
            self.0.insert(name.value(), Value::Object(parameters.0));
        }
        visit::visit_arm(self, arm);
    }
}

/// What an arm reads: `let host = params.get("host").and_then(…)…;`.
#[derive(Default)]
struct Parameters(Map<String, Value>);

impl Visit<'_> for Parameters {
    fn visit_local(&mut self, local: &Local) {
        let Some(init) = &local.init else { return };
        let mut read = Read::default();
        read.visit_expr(&init.expr);
        if let Some(name) = read.name {
            let code = init.expr.to_token_stream().to_string();
            let mut parameter = json!({
                "kind": if code.contains("as_u64") { "whole number" } else { "text" },
                "required": code.contains("ok_or_else"),
            });
            if let Some(default) = read.default {
                parameter["default"] = json!(default);
            }
            self.0.insert(name, parameter);
        }
    }
}

#[derive(Default)]
struct Read {
    name: Option<String>,
    default: Option<u64>,
}

impl Visit<'_> for Read {
    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        if let Some(Expr::Lit(literal)) = call.args.first() {
            match &literal.lit {
                Lit::Str(name) if call.method == "get" => self.name = Some(name.value()),
                Lit::Int(number) if call.method == "unwrap_or" => self.default = number.base10_parse().ok(),
                _ => {}
            }
        }
        visit::visit_expr_method_call(self, call);
    }
}
