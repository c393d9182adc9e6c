//! The checks of zlayer-types that follow deserialisation, all of them rather than the first that fails.

use std::collections::HashMap;

use validator::{Validate, ValidationError as FieldError, ValidationErrors, ValidationErrorsKind};
use zlayer_types::spec::{
    self, ApiSpec, DeploymentSpec, ExternalSpec, ServiceSpec, ValidationError, ValidationErrorKind,
};

use crate::path::Path;
use crate::report::{Report, Words};
use crate::tree::{Node, Value};

/// Rounds of one check over the whole spec.
const MAX_ROUNDS: usize = 200;

/// The rules that stand at a field, for one service.
pub(crate) fn service(service: &ServiceSpec, node: &Node, path: &Path, report: &mut Report) {
    if let Err(errors) = service.validate() {
        fields(&errors, node, path, report);
    }
}

/// The rules that stand at a field, for one external.
pub(crate) fn external(external: &ExternalSpec, node: &Node, path: &Path, report: &mut Report) {
    if let Err(errors) = external.validate() {
        fields(&errors, node, path, report);
    }
}

/// The rules that stand at a field, for the top level. `spec` holds no service.
pub(crate) fn top(spec: &DeploymentSpec, node: &Node, path: &Path, report: &mut Report) {
    if let Err(errors) = spec.validate() {
        fields(&errors, node, path, report);
    }
}

fn fields(errors: &ValidationErrors, node: &Node, path: &Path, report: &mut Report) {
    for (name, kind) in errors.errors() {
        let entry = node.entry(name);
        let (path, node) = entry.map_or_else(|| (path.clone(), node), |entry| (path.key(&entry.key), &entry.value));
        match kind {
            ValidationErrorsKind::Struct(errors) => fields(errors, node, &path, report),
            ValidationErrorsKind::List(errors) => {
                for (at, errors) in errors {
                    let Value::Seq(items) = &node.value else { continue };
                    let Some(item) = items.get(*at) else { continue };
                    fields(errors, &item.node, &path.index(item.index, item.node.range), report);
                }
            }
            ValidationErrorsKind::Field(errors) => {
                if node.synthetic {
                    continue;
                }
                for error in errors {
                    report.add(path.value_range(node), path.text(), words(error, node, &path));
                }
            }
        }
    }
}

fn words(error: &FieldError, node: &Node, path: &Path) -> Words {
    let said = error.message.as_deref().unwrap_or_default();
    let code = match error.code.as_ref() {
        "length" => "invalid-length".to_owned(),
        "regex" => "invalid-name".to_owned(),
        "range" => "out-of-range".to_owned(),
        code => code.replace('_', "-"),
    };
    let text = node.scalar().unwrap_or_default();
    let message = match error.code.as_ref() {
        "invalid_version" => format!("The version must be `v1`, not `{text}`."),
        "invalid_deployment_name" => {
            format!(
                "`{text}` cannot name a deployment: use 3 to 63 letters, digits and hyphens, beginning with a letter or a digit."
            )
        }
        "invalid_cpu" => "`cpu` must be more than 0, in cores: 0.5 is half a core.".to_owned(),
        "invalid_memory_format" => memory(text),
        "invalid_port" => "A port is 1 to 65535.".to_owned(),
        "invalid_cron_schedule" => cron(text, said),
        "invalid_scale_range" => format!("{}. Raise `max` or lower `min`.", sentence(said)),
        "length" if path.pattern().ends_with(".role") => "A role has 1 to 30 characters.".to_owned(),
        "regex" => format!(
            "`{text}` cannot name a role: use lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
        ),
        "range" => format!("`{}` must be at least 1.", path.last_key().unwrap_or("this")),
        _ if said.is_empty() => format!("`{}` is not valid ({}).", path.last_key().unwrap_or("this"), error.code),
        _ => format!("{}.", sentence(said)),
    };
    Words::new(code, message)
}

fn memory(text: &str) -> String {
    let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let unit = text.get(digits.len()..).unwrap_or_default().trim().to_ascii_lowercase();
    let binary = match unit.as_str() {
        "k" | "kb" | "kib" => Some("Ki"),
        "m" | "mb" | "mib" => Some("Mi"),
        "g" | "gb" | "gib" => Some("Gi"),
        "t" | "tb" | "tib" => Some("Ti"),
        _ => None,
    };
    let advice = match (binary, digits.contains('.')) {
        (Some(unit), false) if !digits.is_empty() => format!("write `{digits}{unit}`"),
        (_, true) => "use a whole number in the next smaller unit, for example `1536Mi` for 1.5Gi".to_owned(),
        _ => "write a whole number, more than 0, and Ki, Mi, Gi or Ti, for example `512Mi`".to_owned(),
    };
    format!("`{text}` is not an amount of memory: {advice}.")
}

fn cron(text: &str, said: &str) -> String {
    if text.split_whitespace().count() == 5 {
        return format!("`{text}` has five fields; ZLayer's schedules begin with the seconds: write `0 {text}`.");
    }
    format!(
        "{}. Write seconds, minutes, hours, day of month, month, day of week, for example `0 30 2 * * *`.",
        sentence(said)
    )
}

fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

type Rule = fn(&DeploymentSpec) -> Result<(), ValidationError>;
/// The rules between services.
const BETWEEN: [Rule; 2] = [spec::validate_dependencies, spec::validate_swarm];
/// The rules between the fields of one service, and those of tunnels.
const ALONE: [Rule; 4] = [
    spec::validate_unique_service_endpoints,
    spec::validate_cron_schedules,
    spec::validate_tunnels,
    spec::validate_wasm_configs,
];

/// The rules between fields. `spec` is taken apart on the way.
pub(crate) fn across(mut spec: DeploymentSpec, root: &Node, report: &mut Report) {
    for rule in ALONE {
        each(rule, &mut spec, |error| place(error, root, report));
    }
    for rule in BETWEEN {
        each(rule, &mut spec, |error| place(error, root, report));
    }
}

/// A spec of no services.
pub(crate) fn nothing() -> DeploymentSpec {
    DeploymentSpec {
        version: String::new(),
        deployment: String::new(),
        services: HashMap::new(),
        externals: HashMap::new(),
        tunnels: HashMap::new(),
        api: ApiSpec::default(),
        environment: None,
        project: None,
    }
}

/// The rules between the fields of one service, which is the only one of `root`.
pub(crate) fn alone(name: &str, service: ServiceSpec, root: &Node, report: &mut Report) {
    let mut spec = nothing();
    spec.services.insert(name.to_owned(), service);
    for rule in ALONE {
        each(rule, &mut spec, |error| place(error, root, report));
    }
}

/// Whether the rules between services find nothing.
pub(crate) fn between(spec: &DeploymentSpec) -> bool {
    BETWEEN.iter().all(|rule| rule(spec).is_ok())
}

/// All that the rules between services find, each with its path. `spec` is taken apart on the way.
pub(crate) fn between_all(mut spec: DeploymentSpec) -> Vec<(String, ValidationError)> {
    let mut found = Vec::new();
    for rule in BETWEEN {
        each(rule, &mut spec, |error| found.push((error.path.clone(), error.clone())));
    }
    found
}

fn each(rule: Rule, spec: &mut DeploymentSpec, mut report: impl FnMut(&ValidationError)) {
    for _ in 0..MAX_ROUNDS {
        let Err(error) = rule(spec) else { break };
        report(&error);
        if !mend(spec, &error) {
            break;
        }
    }
}

/// Takes out what was reported, so that the rule goes on to the next.
fn mend(spec: &mut DeploymentSpec, error: &ValidationError) -> bool {
    let Some((service, rest)) = owner(spec, &error.path) else {
        return mend_tunnel(spec, &error.path);
    };
    let Some(service) = spec.services.get_mut(&service) else {
        return false;
    };
    match &error.kind {
        ValidationErrorKind::UnknownDependency { service: name } if rest == "depends" => {
            let before = service.depends.len();
            service.depends.retain(|depends| &depends.service != name);
            service.depends.len() < before
        }
        ValidationErrorKind::DuplicateEndpoint { name } => {
            let last = service.endpoints.iter().rposition(|endpoint| &endpoint.name == name);
            last.map(|at| service.endpoints.remove(at)).is_some()
        }
        ValidationErrorKind::ScheduleOnlyForCron | ValidationErrorKind::CronRequiresSchedule => {
            service.schedule = None;
            service.rtype = zlayer_types::spec::ResourceType::Service;
            true
        }
        ValidationErrorKind::InvalidTunnelTtl { .. }
        | ValidationErrorKind::InvalidTunnelPort { .. }
        | ValidationErrorKind::InvalidTunnelProtocol { .. } => {
            let at = rest.split(['[', ']', '.']).find_map(|part| part.parse::<usize>().ok());
            match at.and_then(|at| service.endpoints.get_mut(at)) {
                Some(endpoint) => endpoint.tunnel.take().is_some(),
                None => {
                    let any = service.endpoints.iter().any(|endpoint| endpoint.tunnel.is_some());
                    service.endpoints.iter_mut().for_each(|endpoint| endpoint.tunnel = None);
                    any
                }
            }
        }
        _ if rest.starts_with("wasm")
            || rest.is_empty()
            || rest.starts_with("endpoints")
            || rest.starts_with("service_type") =>
        {
            service.service_type = zlayer_types::spec::ServiceType::Standard;
            service.wasm.take().is_some()
        }
        _ => service
            .resources
            .gpu
            .as_mut()
            .and_then(|gpu| gpu.sharding.take())
            .is_some(),
    }
}

fn mend_tunnel(spec: &mut DeploymentSpec, path: &str) -> bool {
    let name = path
        .strip_prefix("tunnels.")
        .map(|rest| rest.rsplit_once('.').map_or(rest, |(name, _)| name).to_owned());
    name.is_some_and(|name| spec.tunnels.remove(&name).is_some())
}

/// The service that a path names, which may hold dots, and the rest of the path.
fn owner(spec: &DeploymentSpec, path: &str) -> Option<(String, String)> {
    let rest = path.strip_prefix("services.")?;
    spec.services
        .keys()
        .filter(|name| {
            rest.strip_prefix(name.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
        .max_by_key(|name| name.len())
        .map(|name| {
            (
                name.clone(),
                rest.get(name.len()..)
                    .unwrap_or_default()
                    .trim_start_matches('.')
                    .to_owned(),
            )
        })
}

/// Walks as far along `error.path` as the text goes and reports there.
pub(crate) fn place(error: &ValidationError, root: &Node, report: &mut Report) {
    let mut path = Path::root(root);
    let mut node = root;
    let mut rest = error.path.as_str();
    while !rest.is_empty() {
        rest = rest.trim_start_matches('.');
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((digits, after)) = inner.split_once(']') else {
                break;
            };
            let Ok(at) = digits.parse::<usize>() else { break };
            let Value::Seq(items) = &node.value else { break };
            let Some(item) = items.get(at) else { break };
            path = path.index(item.index, item.node.range);
            node = &item.node;
            rest = after;
            continue;
        }
        let Value::Map(entries) = &node.value else { break };
        let fits = |name: &str| {
            rest.strip_prefix(name)
                .is_some_and(|after| after.is_empty() || after.starts_with(['.', '[']))
        };
        let found = entries
            .iter()
            .rev()
            .filter(|entry| entry.key.scalar().is_some_and(fits))
            .max_by_key(|entry| entry.key.scalar().map_or(0, str::len));
        let Some(entry) = found else { break };
        rest = rest.get(entry.key.scalar().map_or(0, str::len)..).unwrap_or_default();
        path = path.key(&entry.key);
        node = &entry.value;
    }
    // Down to the item that is meant.
    let item = |name: &str, value: &str, last: bool| {
        let Value::Seq(items) = &node.value else {
            return Vec::new();
        };
        let all: Vec<_> = items
            .iter()
            .filter(|item| item.node.get(name).and_then(Node::scalar) == Some(value))
            .collect();
        if last { all.into_iter().skip(1).collect() } else { all }
    };
    if node.synthetic {
        return;
    }
    let words = across_words(error);
    let (field, items) = match &error.kind {
        ValidationErrorKind::UnknownDependency { service } => ("service", item("service", service, false)),
        ValidationErrorKind::DuplicateEndpoint { name } => ("name", item("name", name, true)),
        _ => ("", Vec::new()),
    };
    if items.is_empty() {
        let text = if rest.is_empty() {
            path.text()
        } else {
            path.field(rest.trim_start_matches('.'))
        };
        report.add(path.value_range(node), text, words);
        return;
    }
    for item in items {
        let path = path.index(item.index, item.node.range);
        if let Some(entry) = item.node.entry(field)
            && !entry.value.synthetic
        {
            let path = path.key(&entry.key);
            report.add(
                path.value_range(&entry.value),
                path.text(),
                Words::new(words.code.clone(), words.message.clone()),
            );
        }
    }
}

fn across_words(error: &ValidationError) -> Words {
    match &error.kind {
        ValidationErrorKind::UnknownDependency { service } => Words::new(
            "unknown-dependency",
            format!("There is no service `{service}` in this spec. Add it under `services`, or correct the name."),
        ),
        ValidationErrorKind::DuplicateEndpoint { name } => Words::new(
            "duplicate-endpoint",
            format!("Two endpoints of this service are named `{name}`. Rename one."),
        ),
        ValidationErrorKind::ScheduleOnlyForCron => Words::new(
            "schedule-without-cron",
            "`schedule` works only with `rtype: cron`. Add that, or remove the schedule.",
        ),
        ValidationErrorKind::CronRequiresSchedule => Words::new(
            "cron-without-schedule",
            "`rtype: cron` needs a `schedule`, for example `schedule: \"0 30 2 * * *\"`.",
        ),
        ValidationErrorKind::InvalidTunnelPort { field, .. } => {
            Words::new("invalid-port", format!("`{field}` must be 1 to 65535."))
        }
        ValidationErrorKind::InvalidTunnelTtl { value, reason } => Words::new(
            "invalid-duration",
            format!("`{value}` is not a duration ({reason}). Write for example 4h or 30m."),
        ),
        ValidationErrorKind::WasmConfigOnNonWasmType => Words::new(
            "wasm-on-non-wasm",
            "`wasm` works only with a `service_type` that begins with `wasm_`. Set that, or remove `wasm`.",
        ),
        ValidationErrorKind::InvalidWasmInstanceRange { min, max } => Words::new(
            "wasm-instance-range",
            format!("`min_instances` ({min}) is more than `max_instances` ({max})."),
        ),
        ValidationErrorKind::WasmCapabilityNotAvailable {
            capability,
            service_type,
        } => Words::new(
            "wasm-capability",
            format!("A {service_type} service cannot have the capability `{capability}`. Write `{capability}: false`."),
        ),
        ValidationErrorKind::WasmHttpMissingHttpEndpoint => Words::new(
            "wasm-http-endpoint",
            "A wasm_http service with endpoints needs one with `protocol: http`.",
        ),
        ValidationErrorKind::WasmPreopenEmpty { field, .. } => {
            Words::new("wasm-preopen", format!("`{field}` must not be empty."))
        }
        kind => Words::new("invalid-value", format!("{}.", sentence(&kind.to_string()))),
    }
}
