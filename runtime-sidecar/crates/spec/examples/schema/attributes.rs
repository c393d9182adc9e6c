//! What the attributes of the types say: `serde`'s, and the documentation.

use syn::{Attribute, Expr, Lit};

/// The documentation of an item, without links to Rust.
pub fn docs(attrs: &[Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        if let syn::Meta::NameValue(pair) = &attr.meta
            && let Expr::Lit(lit) = &pair.value
            && let Lit::Str(text) = &lit.lit
        {
            let text = text.value();
            lines.push(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned());
        }
    }
    let text = lines.join("\n").replace("[`", "`").replace("`]", "`");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[derive(Default)]
pub struct Serde {
    pub rename: Option<String>,
    pub rename_all: Option<String>,
    pub aliases: Vec<String>,
    /// The function; empty for the type's own default.
    pub default: Option<String>,
    pub with: Option<String>,
    pub deserialize_with: Option<String>,
    pub tag: Option<String>,
    pub from: Option<String>,
    pub deny_unknown: bool,
    pub flatten: bool,
    pub skip: bool,
}

impl Serde {
    pub fn of(attrs: &[Attribute]) -> Self {
        let mut serde = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            attr.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().unwrap().to_string();
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                    Err(_) => None,
                };
                match name.as_str() {
                    "rename" => serde.rename = value,
                    "rename_all" => serde.rename_all = value,
                    "alias" => serde.aliases.extend(value),
                    "default" => serde.default = Some(value.unwrap_or_default()),
                    "with" => serde.with = value,
                    "deserialize_with" => serde.deserialize_with = value,
                    "tag" => serde.tag = value,
                    "from" => serde.from = value,
                    "deny_unknown_fields" => serde.deny_unknown = true,
                    "flatten" => serde.flatten = true,
                    "skip" => serde.skip = true,
                    _ => {}
                }
                Ok(())
            })
            .unwrap();
        }
        serde
    }
}

pub fn renamed(field: &str, rule: Option<&str>) -> String {
    match rule {
        Some("kebab-case") => field.replace('_', "-"),
        _ => field.to_owned(),
    }
}

pub fn renamed_variant(variant: &str, rule: Option<&str>) -> String {
    let words = |between: char| {
        let mut out = String::new();
        for (at, c) in variant.chars().enumerate() {
            if c.is_uppercase() && at > 0 {
                out.push(between);
            }
            out.extend(c.to_lowercase());
        }
        out
    };
    match rule {
        Some("snake_case") => words('_'),
        Some("kebab-case") => words('-'),
        Some("lowercase") => variant.to_lowercase(),
        _ => variant.to_owned(),
    }
}
