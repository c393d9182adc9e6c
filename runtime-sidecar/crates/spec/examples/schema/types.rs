//! Rust's types as JSON Schema.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use syn::{Field, Fields, Item, ItemEnum, ItemStruct, Type};

use crate::attributes::{Serde, docs, renamed, renamed_variant};
use crate::constraints::{beyond_types, constrain, image};

#[derive(Default)]
pub struct Types {
    pub structs: BTreeMap<String, ItemStruct>,
    pub enums: BTreeMap<String, ItemEnum>,
    pub functions: BTreeMap<String, syn::ItemFn>,
    done: BTreeMap<String, Value>,
    /// What a minimal service serialises to: the defaults of its fields.
    pub service: Option<Value>,
    /// Inside a mapping that says its kind by a field. Serde reads it into memory first, and then a number is no text any more.
    buffered: bool,
    /// Inside a field that the crate `validator` is not told to go into: its rules there are never run.
    unchecked: bool,
}

impl Types {
    pub fn read(&mut self, file: &Path, prefix: &str) {
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

    pub fn finish(self) -> Map<String, Value> {
        let mut all: Map<String, Value> = self
            .done
            .into_iter()
            .map(|(name, value)| (definition_name(&name), value))
            .collect();
        all.insert("text".into(), json!({"type": ["string", "number", "boolean", "null"]}));
        all.insert(
            "duration".into(),
            json!({
                // Of numbers, 0 alone needs no unit.
                "type": ["string", "number"], "minimum": 0, "maximum": 0,
                "format": "zlayer-duration",
                "pattern": "^\\s*([0-9](\\s*[0-9])*(\\.[0-9]+)?\\s*(nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second|secs|sec|s|minutes|minute|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|wks|wk|w|months|month|M|years|year|yrs|yr|y)\\s*)+$|^\\s*0\\s*$",
            }),
        );
        all
    }

    /// The schema of a named type, in full.
    pub fn definition(&mut self, name: &str) -> Value {
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
        let has_text = !self.enums.get(name).is_some_and(only_names);
        let mut key = name.to_owned();
        if self.buffered && has_text {
            key.push_str("Buffered");
        }
        if self.unchecked && self.structs.get(name).is_some_and(has_rules) {
            key.push_str("Unchecked");
        }
        if !self.done.contains_key(&key) {
            self.done.insert(key.clone(), Value::Null);
            let definition = self.definition(name);
            self.done.insert(key.clone(), definition);
        }
        json!({"$ref": format!("#/definitions/{}", definition_name(&key))})
    }

    fn structure(&mut self, name: &str, item: &ItemStruct) -> Value {
        let serde = Serde::of(&item.attrs);
        // A type that is read through another has the other's fields and its own words.
        let mut read = serde
            .from
            .clone()
            .and_then(|from| self.structs.get(&from).cloned())
            .unwrap_or_else(|| item.clone());
        if serde.from.is_some() {
            // What is checked is the type itself, not the one that it is read through.
            for field in &mut read.fields {
                let own = item.fields.iter().find(|own| own.ident == field.ident);
                let rules = own
                    .iter()
                    .flat_map(|own| &own.attrs)
                    .filter(|attr| attr.path().is_ident("validate"));
                field.attrs.extend(rules.cloned());
            }
        }
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
        beyond_types(name, &mut object);
        object
    }

    fn object(&mut self, owner: &str, fields: &Fields, rename_all: Option<&str>, strict: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut twice = Vec::new();
        let mut flattened = None;
        for field in fields {
            let serde = Serde::of(&field.attrs);
            if serde.skip {
                continue;
            }
            if serde.flatten {
                flattened = Some(self.buffered(|types| types.kind(&field.ty, owner)));
                continue;
            }
            let ident = field.ident.as_ref().unwrap().to_string();
            let name = serde.rename.clone().unwrap_or_else(|| renamed(&ident, rename_all));
            let schema = self.field(owner, &name, field, &serde);
            let optional = serde.default.is_some() || (is_option(&field.ty) && serde.with.is_none());
            if !optional {
                required.push(json!(name));
            }
            for alias in &serde.aliases {
                twice.push(json!({"required": [name, alias]}));
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
        if !twice.is_empty() {
            object["not"] = json!({"anyOf": twice});
        }
        match flattened {
            // Both halves see the same object.
            Some(kind) => json!({"allOf": [kind, object]}),
            None => object,
        }
    }

    fn field(&mut self, owner: &str, name: &str, field: &Field, serde: &Serde) -> Value {
        let around = self.unchecked;
        self.unchecked = around || !is_nested(field);
        let mut kind = match (&serde.with, &serde.deserialize_with) {
            (Some(with), _) if with.starts_with("duration") => {
                let duration = if self.buffered {
                    json!({"allOf": [{"$ref": "#/definitions/duration"}, {"type": "string"}]})
                } else {
                    json!({"$ref": "#/definitions/duration"})
                };
                if with.ends_with("required") {
                    duration
                } else {
                    or_null(duration)
                }
            }
            (_, Some(with)) if with == "deserialize_network_mode" => network_mode(),
            // Read as if both were optional, to tell what is left out from a zero.
            _ if owner == "UlimitSpec" => or_null(self.kind(&field.ty, owner)),
            _ => self.kind(&field.ty, owner),
        };
        self.unchecked = around;
        if !self.unchecked {
            constrain(&field.attrs, &mut kind);
        }
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
            "String" if self.buffered => json!({"type": "string"}),
            "String" => json!({"$ref": "#/definitions/text"}),
            "ImageRef" => image(),
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

    /// Makes a schema of something that serde reads into memory before it knows its kind.
    fn buffered<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.buffered, true);
        let made = make(self);
        self.buffered = around;
        made
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
                // A kind without fields drops whatever stands beside it.
                let strict = serde.deny_unknown && !matches!(variant.fields, Fields::Unit);
                let mut object = self.buffered(|types| types.object(name, &variant.fields, None, strict));
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

fn definition_name(name: &str) -> String {
    match name.split_once("::") {
        Some((module, name)) => format!("{}{name}", module[..1].to_uppercase() + &module[1..]),
        None => name.to_owned(),
    }
}

pub fn or_null(kind: Value) -> Value {
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

/// Whether the crate `validator` has something to check in a type itself.
fn has_rules(item: &ItemStruct) -> bool {
    item.fields
        .iter()
        .any(|field| field.attrs.iter().any(|attr| attr.path().is_ident("validate")))
}

/// Whether it is told to go into a field.
fn is_nested(field: &Field) -> bool {
    field.attrs.iter().any(|attr| {
        attr.path().is_ident("validate")
            && attr
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("nested"))
    })
}

/// Whether none of the enumeration's kinds carries anything.
fn only_names(item: &ItemEnum) -> bool {
    Serde::of(&item.attrs).tag.is_none()
        && item
            .variants
            .iter()
            .all(|variant| matches!(variant.fields, Fields::Unit))
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
}
