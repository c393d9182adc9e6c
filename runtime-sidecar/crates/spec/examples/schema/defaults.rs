//! Defaults, read from the functions and attributes that give them.

use serde_json::{Value, json};
use syn::{Expr, Field, Lit, Type};

use crate::attributes::{Serde, renamed_variant};
use crate::types::Types;

impl Types {
    pub fn default_of(&self, owner: &str, name: &str, field: &Field, serde: &Serde) -> Option<Value> {
        if owner == "ServiceSpec"
            && let Some(value) = self.service.as_ref().and_then(|service| service.get(name))
            && name != "image"
        {
            return Some(without_nulls(value)).filter(|value| !value.is_null());
        }
        match serde.default.as_deref()? {
            "" => self.plain_default(&field.ty),
            function => self.evaluate(function),
        }
    }

    fn plain_default(&self, ty: &Type) -> Option<Value> {
        let Type::Path(path) = ty else { return None };
        let name = path.path.segments.last()?.ident.to_string();
        match name.as_str() {
            "bool" => Some(json!(false)),
            "u8" | "u16" | "u32" | "u64" | "i32" | "i64" => Some(json!(0)),
            "Vec" => Some(json!([])),
            _ => {
                let item = self
                    .enums
                    .get(&name)
                    .or_else(|| self.enums.get(&format!("overlay::{name}")))?;
                let serde = Serde::of(&item.attrs);
                let variant = item
                    .variants
                    .iter()
                    .find(|variant| variant.attrs.iter().any(|attr| attr.path().is_ident("default")))?;
                Some(json!(renamed_variant(
                    &variant.ident.to_string(),
                    serde.rename_all.as_deref()
                )))
            }
        }
    }

    /// What a function like `default_true` returns.
    fn evaluate(&self, function: &str) -> Option<Value> {
        let item = self.functions.get(function)?;
        match item.block.stmts.last()? {
            syn::Stmt::Expr(expr, None) => self.value(expr),
            _ => None,
        }
    }

    fn value(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Bool(value) => Some(json!(value.value)),
                Lit::Int(value) => Some(json!(value.base10_parse::<u64>().ok()?)),
                Lit::Str(value) => Some(json!(value.value())),
                _ => None,
            },
            Expr::Binary(binary) => match binary.op {
                syn::BinOp::Mul(_) => Some(json!(
                    self.value(&binary.left)?.as_u64()? * self.value(&binary.right)?.as_u64()?
                )),
                _ => None,
            },
            Expr::MethodCall(call) if call.method == "to_string" => self.value(&call.receiver),
            Expr::Path(path) => {
                let segments: Vec<String> = path
                    .path
                    .segments
                    .iter()
                    .map(|segment| segment.ident.to_string())
                    .collect();
                let [.., owner, variant] = segments.as_slice() else {
                    return None;
                };
                let serde = Serde::of(&self.enums.get(owner)?.attrs);
                Some(json!(renamed_variant(variant, serde.rename_all.as_deref())))
            }
            Expr::Call(call) => {
                let Expr::Path(path) = call.func.as_ref() else {
                    return None;
                };
                let argument = self.value(call.args.first()?)?;
                match path.path.segments.last()?.ident.to_string().as_str() {
                    "Some" => Some(argument),
                    "from_secs" => {
                        let seconds = argument.as_u64()?;
                        Some(json!(if seconds % 60 == 0 {
                            format!("{}m", seconds / 60)
                        } else {
                            format!("{seconds}s")
                        }))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
