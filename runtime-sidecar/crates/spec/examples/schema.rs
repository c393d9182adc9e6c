//! Prints the JSON Schema of a spec, read from the sources of zlayer-types: `schema SOURCES/src`.
//!
//! Names, kinds, documentation and defaults come from the types themselves, so the schema says what the crate says. What a JSON
//! Schema cannot express is listed in the schema's `$comment`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use syn::{Attribute, Expr, Field, Fields, Item, ItemEnum, ItemStruct, Lit, Type};

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
Descriptions are those of the crate (Apache-2.0). Not expressible here, so accepted by \
this schema and refused by ZLayer: rules between fields (dependencies, unique endpoint names, schedule with rtype cron, scale ranges, \
swarms, tunnels, wasm worlds), cron syntax, image references, duplicate fields, integers written with a fraction of zero. Refused here and \
accepted by ZLayer: YAML tags other than `!pin`.";

#[derive(Default)]
struct Types {
    structs: BTreeMap<String, ItemStruct>,
    enums: BTreeMap<String, ItemEnum>,
    functions: BTreeMap<String, syn::ItemFn>,
    done: BTreeMap<String, Value>,
    /// What a minimal service serialises to: the defaults of its fields.
    service: Option<Value>,
}

impl Types {
    fn read(&mut self, file: &Path, prefix: &str) {
        let text = std::fs::read_to_string(file).unwrap();
        for item in syn::parse_file(&text).unwrap().items {
            match item {
                Item::Struct(item) => drop(self.structs.insert(format!("{prefix}{}", item.ident), item)),
                Item::Enum(item) => drop(self.enums.insert(format!("{prefix}{}", item.ident), item)),
                Item::Fn(item) => drop(self.functions.insert(item.sig.ident.to_string(), item)),
                _ => {}
            }
        }
        let minimal = "version: v1\ndeployment: abc\nservices: {a: {image: {name: b}}}\n";
        let spec = zlayer_types::spec::from_yaml_str(minimal).unwrap();
        let json = serde_json::to_value(spec).unwrap();
        self.service = json.pointer("/services/a").cloned();
    }

    fn finish(self) -> Map<String, Value> {
        let mut all: Map<String, Value> = self
            .done
            .into_iter()
            .map(|(name, value)| (definition_name(&name), value))
            .collect();
        all.insert("text".into(), json!({"type": ["string", "number", "boolean", "null"]}));
        all.insert(
            "duration".into(),
            json!({
                "type": "string",
                "format": "zlayer-duration",
                "pattern": "^\\s*([0-9](\\s*[0-9])*(\\.[0-9]+)?\\s*(nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second|secs|sec|s|minutes|minute|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|wks|wk|w|months|month|M|years|year|yrs|yr|y)\\s*)+$|^\\s*0\\s*$",
            }),
        );
        all
    }

    /// The schema of a named type, in full.
    fn definition(&mut self, name: &str) -> Value {
        if let Some(item) = self.structs.get(name).cloned() {
            return self.structure(name, &item);
        }
        if let Some(item) = self.enums.get(name).cloned() {
            return self.enumeration(name, &item);
        }
        panic!("no type {name}");
    }

    /// A reference to a named type, which is made on the way.
    fn reference(&mut self, name: &str) -> Value {
        if !self.done.contains_key(name) {
            self.done.insert(name.to_owned(), Value::Null);
            let definition = self.definition(name);
            self.done.insert(name.to_owned(), definition);
        }
        json!({"$ref": format!("#/definitions/{}", definition_name(name))})
    }

    fn structure(&mut self, name: &str, item: &ItemStruct) -> Value {
        let serde = Serde::of(&item.attrs);
        // A type that is read through another has the other's fields and its own words.
        let read = serde
            .from
            .clone()
            .and_then(|from| self.structs.get(&from).cloned())
            .unwrap_or_else(|| item.clone());
        let strict = Serde::of(&read.attrs).deny_unknown || serde.deny_unknown;
        let mut object = self.object(name, &read.fields, serde.rename_all.as_deref(), strict);
        if let (Some(object), Fields::Named(own)) = (object.as_object_mut(), &item.fields) {
            for field in &own.named {
                let ident = field.ident.as_ref().unwrap().to_string();
                if let (Some(doc), Some(property)) = (
                    docs(&field.attrs),
                    object.get_mut("properties").and_then(|all| all.get_mut(&ident)),
                ) {
                    property["description"] = json!(doc);
                }
            }
            if let Some(doc) = docs(&item.attrs) {
                object.insert("description".into(), json!(doc));
            }
        }
        object
    }

    fn object(&mut self, owner: &str, fields: &Fields, rename_all: Option<&str>, strict: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut flattened = None;
        for field in fields {
            let serde = Serde::of(&field.attrs);
            if serde.skip {
                continue;
            }
            if serde.flatten {
                flattened = Some(self.kind(&field.ty, owner));
                continue;
            }
            let ident = field.ident.as_ref().unwrap().to_string();
            let name = serde.rename.clone().unwrap_or_else(|| renamed(&ident, rename_all));
            let schema = self.field(owner, &name, field, &serde);
            let optional = serde.default.is_some() || (is_option(&field.ty) && serde.with.is_none());
            if !optional && owner != "UlimitSpec" {
                required.push(json!(name));
            }
            for alias in &serde.aliases {
                properties.insert(alias.clone(), json!({"allOf": [schema.clone()], "description": format!("Another name of `{name}`."), "deprecated": true}));
            }
            properties.insert(name, schema);
        }
        let mut object = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            object["required"] = Value::Array(required);
        }
        if strict {
            object["additionalProperties"] = json!(false);
        }
        match flattened {
            // Both halves see the same object.
            Some(kind) => json!({"allOf": [kind, object]}),
            None => object,
        }
    }

    fn field(&mut self, owner: &str, name: &str, field: &Field, serde: &Serde) -> Value {
        let mut kind = match (&serde.with, &serde.deserialize_with) {
            (Some(with), _) if with.starts_with("duration") => {
                let duration = json!({"$ref": "#/definitions/duration"});
                if with.ends_with("required") {
                    duration
                } else {
                    or_null(duration)
                }
            }
            (_, Some(with)) if with == "deserialize_network_mode" => network_mode(),
            _ => self.kind(&field.ty, owner),
        };
        constrain(&field.attrs, &mut kind);
        let default = self.default_of(owner, name, field, serde);
        let mut schema = if kind.get("$ref").is_some() && (docs(&field.attrs).is_some() || default.is_some()) {
            json!({"allOf": [kind]})
        } else {
            kind
        };
        if let Some(doc) = docs(&field.attrs) {
            schema["description"] = json!(doc);
        }
        if let Some(default) = default {
            schema["default"] = default;
        }
        schema
    }

    fn kind(&mut self, ty: &Type, owner: &str) -> Value {
        let Type::Path(path) = ty else {
            panic!("{owner}: an unnamed type")
        };
        let last = path.path.segments.last().unwrap();
        let inner = |at: usize| match &last.arguments {
            syn::PathArguments::AngleBracketed(arguments) => match arguments.args.iter().nth(at) {
                Some(syn::GenericArgument::Type(ty)) => ty.clone(),
                _ => panic!("{owner}: no argument"),
            },
            _ => panic!("{owner}: no arguments"),
        };
        let whole = |least: i64, most: u64| json!({"type": "integer", "minimum": least, "maximum": most});
        match last.ident.to_string().as_str() {
            "String" => json!({"$ref": "#/definitions/text"}),
            "ImageRef" => json!({"$ref": "#/definitions/text", "format": "zlayer-image"}),
            "bool" => json!({"type": "boolean"}),
            "u8" => whole(0, 255),
            "u16" => whole(0, 65_535),
            "u32" => whole(0, u64::from(u32::MAX)),
            "u64" => json!({"type": "integer", "minimum": 0}),
            "i32" => json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX}),
            "i64" => json!({"type": "integer"}),
            "f64" => json!({"type": "number"}),
            "OrderedFloat" => json!({"type": "number"}),
            "Value" => json!(true),
            "Option" => or_null(self.kind(&inner(0), owner)),
            "Vec" => json!({"type": "array", "items": self.kind(&inner(0), owner)}),
            "HashMap" | "BTreeMap" => json!({"type": "object", "additionalProperties": self.kind(&inner(1), owner)}),
            "InitParams" => json!({"type": "object"}),
            "SecretScope" => self.reference("secrets::SecretScope"),
            name => {
                let from_overlay = path.path.segments.iter().any(|segment| segment.ident == "overlay")
                    || owner.starts_with("overlay::");
                let name = if from_overlay {
                    format!("overlay::{name}")
                } else {
                    name.to_owned()
                };
                self.reference(&name)
            }
        }
    }

    fn enumeration(&mut self, name: &str, item: &ItemEnum) -> Value {
        let serde = Serde::of(&item.attrs);
        let mut names = Vec::new();
        let mut words = Vec::new();
        let mut objects = Vec::new();
        for variant in &item.variants {
            let own = Serde::of(&variant.attrs);
            let tag = own
                .rename
                .clone()
                .unwrap_or_else(|| renamed_variant(&variant.ident.to_string(), serde.rename_all.as_deref()));
            let doc = docs(&variant.attrs);
            if let Some(key) = &serde.tag {
                let mut object = self.object(name, &variant.fields, None, serde.deny_unknown);
                object["properties"][key] = json!({"const": tag});
                let required = object
                    .as_object_mut()
                    .unwrap()
                    .entry("required")
                    .or_insert_with(|| json!([]));
                required.as_array_mut().unwrap().insert(0, json!(key));
                object["title"] = json!(tag);
                if let Some(doc) = doc {
                    object["description"] = json!(doc);
                }
                objects.push(object);
                continue;
            }
            match &variant.fields {
                Fields::Unit => {
                    names.push(json!(tag));
                    words.push(json!(doc.unwrap_or_default()));
                }
                // YAML writes such a value with a tag, `!pin "label=value"`, which JSON has no word for.
                Fields::Unnamed(_) => objects.push(
                    json!({"type": "string", "title": format!("!{tag}"), "description": doc.unwrap_or_default()}),
                ),
                Fields::Named(_) => {
                    let inner = self.object(name, &variant.fields, None, false);
                    objects.push(json!({"type": "object", "title": format!("!{tag}"), "properties": {tag: inner}}));
                }
            }
        }
        let mut schema = json!({});
        if !names.is_empty() {
            schema = json!({"enum": names, "enumDescriptions": words});
        }
        if !objects.is_empty() {
            if !names.is_empty() {
                objects.insert(0, schema);
            }
            schema = if serde.tag.is_some() {
                json!({"oneOf": objects})
            } else {
                json!({"anyOf": objects})
            };
        }
        if let Some(doc) = docs(&item.attrs) {
            schema["description"] = json!(doc);
        }
        schema
    }

    fn default_of(&self, owner: &str, name: &str, field: &Field, serde: &Serde) -> Option<Value> {
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

fn network_mode() -> Value {
    json!({"anyOf": [
        {"enum": ["default", "host", "none", "bridge"]},
        {"type": "string", "pattern": "^(bridge:.*|container:.+)$"},
        {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false, "properties": {
            "bridge": {"type": "object", "properties": {"name": {"type": ["string", "number", "boolean", "null"]}}},
            "container": {"type": "object", "required": ["id"], "properties": {"id": {"$ref": "#/definitions/text"}}},
            "default": true, "host": true, "none": true}},
    ]})
}

/// The rules of the crate `validator` that a schema can say.
fn constrain(attrs: &[Attribute], kind: &mut Value) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("validate")) {
        let text = attr
            .meta
            .require_list()
            .map(|list| list.tokens.to_string().replace(' ', ""))
            .unwrap_or_default();
        let target = match kind.get_mut("anyOf").and_then(|all| all.get_mut(0)) {
            Some(inner) => inner,
            None => &mut *kind,
        };
        let number = |name: &str| {
            text.split(&format!("{name}="))
                .nth(1)
                .and_then(|rest| rest.split([',', ')']).next())
                .and_then(|digits| digits.parse::<u64>().ok())
        };
        if text.starts_with("length") {
            let (least, most) = if target["type"] == "array" {
                ("minItems", "maxItems")
            } else {
                ("minLength", "maxLength")
            };
            for (name, keyword) in [("min", least), ("max", most)] {
                if let Some(number) = number(name) {
                    set(target, keyword, json!(number));
                }
            }
        } else if text.starts_with("range") {
            set(target, "minimum", json!(number("min").unwrap_or(0)));
        } else if text.starts_with("regex") {
            set(target, "pattern", json!("^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$"));
        } else if text.contains("validate_version_wrapper") {
            *target = json!({"const": "v1"});
        } else if text.contains("validate_deployment_name_wrapper") {
            set(target, "pattern", json!("^[A-Za-z0-9][A-Za-z0-9-]{2,62}$"));
        } else if text.contains("validate_cpu_option_wrapper") {
            set(target, "exclusiveMinimum", json!(0));
        } else if text.contains("validate_memory_option_wrapper") {
            set(target, "pattern", json!("^\\+?0*[1-9][0-9]*(Ki|Mi|Gi|Ti)$"));
            set(target, "format", json!("zlayer-size"));
        } else if text.contains("validate_port_wrapper") {
            set(target, "minimum", json!(1));
        }
    }
}

/// A keyword beside a `$ref` would be ignored: the two are joined.
fn set(target: &mut Value, keyword: &str, value: Value) {
    if target.get("$ref").is_some() {
        *target = json!({"allOf": [target.clone()], keyword: value});
    } else {
        target[keyword] = value;
    }
}

fn or_null(kind: Value) -> Value {
    match kind.get("type") {
        Some(Value::String(one)) if kind.get("enum").is_none() => {
            let types = json!([one, "null"]);
            let mut kind = kind;
            kind["type"] = types;
            kind
        }
        _ => json!({"anyOf": [kind, {"type": "null"}]}),
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
}

fn definition_name(name: &str) -> String {
    match name.split_once("::") {
        Some((module, name)) => format!("{}{name}", module[..1].to_uppercase() + &module[1..]),
        None => name.to_owned(),
    }
}

/// The documentation of an item, without links to Rust.
fn docs(attrs: &[Attribute]) -> Option<String> {
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
struct Serde {
    rename: Option<String>,
    rename_all: Option<String>,
    aliases: Vec<String>,
    /// The function; empty for the type's own default.
    default: Option<String>,
    with: Option<String>,
    deserialize_with: Option<String>,
    tag: Option<String>,
    from: Option<String>,
    deny_unknown: bool,
    flatten: bool,
    skip: bool,
}

impl Serde {
    fn of(attrs: &[Attribute]) -> Self {
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

fn renamed(field: &str, rule: Option<&str>) -> String {
    match rule {
        Some("kebab-case") => field.replace('_', "-"),
        _ => field.to_owned(),
    }
}

fn renamed_variant(variant: &str, rule: Option<&str>) -> String {
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
