//! What values may be: the rules of the crate `validator` in the attributes of the types, and those that `zlayer-types` checks
//! after reading, as far as a schema can say them.

use serde_json::{Map, Value, json};
use syn::Attribute;
use zlayer_types::spec::{ServiceType, WasmCapabilities};

use crate::types::or_null;

/// The reference grammar of the OCI distribution specification, as `oci-spec` reads it; digests of the three known algorithms.
const IMAGE: &str = concat!(
    r"^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?/)?",
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*",
    r"(?::\w[\w.-]{0,127})?(?:@(?:sha256:[0-9a-fA-F]{64}|sha384:[0-9a-fA-F]{96}|sha512:[0-9a-fA-F]{128}))?$"
);

/// The name of an image. A number is read as its digits.
pub fn image() -> Value {
    json!({"type": ["string", "number", "boolean"], "minimum": 0, "format": "zlayer-image", "pattern": IMAGE})
}

/// An amount of memory.
fn size() -> Value {
    json!({"type": "string", "format": "zlayer-size", "pattern": "^\\+?0*[1-9][0-9]*(Ki|Mi|Gi|Ti)$"})
}

/// The rules of the crate `validator` that a schema can say.
pub fn constrain(attrs: &[Attribute], kind: &mut Value) {
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
            *target = json!({"type": ["string", "boolean"], "pattern": "^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$"});
        } else if text.contains("validate_version_wrapper") {
            *target = json!({"const": "v1"});
        } else if text.contains("validate_deployment_name_wrapper") {
            // A number is read as its digits, of which three are needed.
            *target = json!({
                "type": ["string", "integer", "boolean"], "minimum": 100, "pattern": "^[A-Za-z0-9][A-Za-z0-9-]{2,62}$"});
        } else if text.contains("validate_cpu_option_wrapper") {
            set(target, "exclusiveMinimum", json!(0));
        } else if text.contains("validate_memory_option_wrapper") {
            *target = size();
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

/// Adds to a type what the crate checks once a spec is read.
pub fn beyond_types(name: &str, object: &mut Value) {
    let mut replace = |field: &str, kind: Value| {
        let Some(property) = object.pointer_mut(&format!("/properties/{field}")) else {
            panic!("{name} has no field {field} any more");
        };
        for keyword in ["$ref", "allOf", "anyOf", "type"] {
            property.as_object_mut().map(|all| all.remove(keyword));
        }
        if let (Some(property), Value::Object(kind)) = (property.as_object_mut(), kind) {
            property.extend(kind);
        }
    };
    match name {
        "TunnelDefinition" => {
            for field in ["local_port", "remote_port"] {
                replace(field, json!({"type": "integer", "minimum": 1}));
            }
        }
        "TunnelAccessConfig" => replace("max_ttl", or_null(json!({"$ref": "#/definitions/duration"}))),
        "WasmConfig" => replace("max_memory", or_null(size())),
        "WasmPreopen" => {
            for field in ["source", "target"] {
                replace(
                    field,
                    json!({"allOf": [{"$ref": "#/definitions/text"}], "minLength": 1}),
                );
            }
        }
        "ServiceSpec" => object["dependencies"] = between_fields(),
        _ => {}
    }
}

/// What one field of a service says of another. `dependencies` leaves the fields where editors look for them.
fn between_fields() -> Value {
    let is = |field: &str, value: Value| {
        let mut properties = Map::new();
        properties.insert(field.to_owned(), value);
        json!({"required": [field], "properties": properties})
    };
    let absent_or = |field: &str, then: Value| {
        let mut properties = Map::new();
        properties.insert(field.to_owned(), json!({"type": "null"}));
        json!({"anyOf": [{"properties": properties}, then]})
    };
    let worlds = [
        ServiceType::WasmHttp,
        ServiceType::WasmPlugin,
        ServiceType::WasmTransformer,
        ServiceType::WasmAuthenticator,
        ServiceType::WasmRateLimiter,
        ServiceType::WasmMiddleware,
        ServiceType::WasmRouter,
    ];
    let wasm_type = is("service_type", json!({"enum": worlds}));
    let mut rules: Vec<Value> = worlds.into_iter().map(capabilities_of).collect();
    let http = json!({"contains": is("protocol", json!({"enum": ["http", "https"]}))});
    rules.push(json!({
        "if": {"allOf": [
            is("service_type", json!({"const": ServiceType::WasmHttp})),
            {"anyOf": [is("wasm", json!({"type": "object"})), is("wasm_http", json!({"type": "object"}))]},
        ]},
        "then": {"properties": {"endpoints": {"anyOf": [{"maxItems": 0}, http]}}},
    }));
    json!({
        "schedule": absent_or("schedule", is("rtype", json!({"const": "cron"}))),
        "rtype": {"anyOf": [
            {"properties": {"rtype": {"not": {"const": "cron"}}}},
            is("schedule", json!({"not": {"type": "null"}})),
        ]},
        "wasm": absent_or("wasm", wasm_type.clone()),
        "wasm_http": absent_or("wasm_http", wasm_type),
        "service_type": {"allOf": rules},
    })
}

/// The capabilities that a world lacks must not be asked for, and some are asked for by leaving them out.
fn capabilities_of(world: ServiceType) -> Value {
    let flags = |capabilities: Option<WasmCapabilities>| {
        let value = serde_json::to_value(capabilities.unwrap()).unwrap();
        value.as_object().unwrap().clone()
    };
    let has = flags(world.default_wasm_capabilities());
    let left_out = flags(serde_json::from_str("{}").ok());
    let lacking: Vec<&String> = has
        .iter()
        .filter(|(_, has)| **has == json!(false))
        .map(|(name, _)| name)
        .collect();
    let required: Vec<&String> = lacking
        .iter()
        .copied()
        .filter(|name| left_out[*name] == json!(true))
        .collect();
    let off: Map<String, Value> = lacking
        .iter()
        .map(|name| ((*name).clone(), json!({"const": false})))
        .collect();
    let wasm = json!({"properties": {"capabilities": {"properties": off, "required": required}}});
    json!({
        "if": {"required": ["service_type"], "properties": {"service_type": {"const": world}}},
        "then": {"properties": {"wasm": wasm, "wasm_http": wasm}},
    })
}
