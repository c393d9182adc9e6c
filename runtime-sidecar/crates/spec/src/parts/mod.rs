//! The parts of a service that need no image, as an engine reads them, and what is wrong with them.

mod hosts;
mod kernel;
mod ports;
mod probe;
mod quantity;
mod storage;
mod times;

use std::collections::BTreeMap;

use zlayer_types::spec::{ScaleSpec, ServiceSpec};

pub use hosts::HostAddress;
pub use ports::Port;
pub use probe::Probe;
pub use storage::Mount;

/// More replicas of one service than this are refused: a typing error, not a wish.
pub const MAX_REPLICAS: u32 = 1000;

/// Something that cannot work, and the field that says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable, in kebab case.
    pub code: String,
    /// For the user.
    pub message: String,
    /// `services.web.env.A`
    pub path: String,
}

/// Limits of memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    pub limit: Option<u64>,
    pub reservation: Option<u64>,
    /// Memory and swap together; -1 is as much as there is.
    pub swap: Option<i64>,
}

/// Reads the parts of a service and collects what is wrong with them. A part that is wrong is left out of what is read.
#[derive(Debug)]
pub struct Parts<'a> {
    path: String,
    spec: &'a ServiceSpec,
    faults: Vec<Fault>,
}

impl<'a> Parts<'a> {
    /// `name` is the service's name in its spec.
    #[must_use]
    pub fn new(name: &str, spec: &'a ServiceSpec) -> Self {
        Self {
            path: format!("services.{name}"),
            spec,
            faults: Vec::new(),
        }
    }

    /// What was found wrong in the parts that were read so far.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(crate) fn fault(&mut self, code: &str, field: &str, message: String) {
        self.faults.push(Fault {
            code: code.to_owned(),
            message,
            path: format!("{}.{field}", self.path),
        });
    }

    /// The environment. `variables` holds the values for `$E:`; without it they are not known, and none is missing.
    pub fn env(&mut self, variables: Option<&BTreeMap<String, String>>) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        // In a fixed order: a map of the spec's own has none.
        let sorted: BTreeMap<_, _> = self.spec.env.iter().collect();
        for (name, value) in sorted {
            let field = format!("env.{name}");
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!("“{}” cannot be the name of an environment variable", visible(name));
                self.fault("invalid-variable", &field, message);
            } else if value.contains('\0') {
                self.nul(&field);
            } else if let Some(variable) = value.strip_prefix("$E:") {
                match variables.map(|variables| variables.get(variable)) {
                    None => {}
                    Some(Some(value)) => {
                        env.insert(name.clone(), value.clone());
                    }
                    Some(None) => self.fault(
                        "variable-not-set",
                        &field,
                        format!("the variable {variable} is not set where the sidecar was started; set it there and restart the sidecar, or write the value here"),
                    ),
                }
            } else if value.starts_with("$S:") {
                self.fault(
                    "not-served",
                    &field,
                    format!("secrets ({value}) are not served yet; use $E: or a plain value"),
                );
            } else {
                env.insert(name.clone(), value.clone());
            }
        }
        env
    }

    /// Text that the kernel takes only up to its first NUL character.
    pub fn texts(&mut self) {
        let spec = self.spec;
        let command = &spec.command;
        let mut texts: Vec<(String, &str)> = Vec::new();
        for (field, list) in [("entrypoint", &command.entrypoint), ("args", &command.args)] {
            for (number, text) in list.iter().flatten().enumerate() {
                texts.push((format!("command.{field}[{number}]"), text));
            }
        }
        for (field, text) in [
            ("command.workdir", &command.workdir),
            ("user", &spec.user),
            ("hostname", &spec.hostname),
        ] {
            texts.extend(text.as_deref().map(|text| (field.to_owned(), text)));
        }
        for (field, text) in texts {
            if text.contains('\0') {
                self.nul(&field);
            }
        }
    }

    fn nul(&mut self, field: &str) {
        self.fault(
            "nul-character",
            field,
            "this holds a NUL character, which no program can be given; remove it".to_owned(),
        );
    }

    /// The memory that its containers may use.
    pub fn memory(&mut self) -> Memory {
        let resources = &self.spec.resources;
        let mut size = |text: &Option<String>, field: &str| text.as_deref().and_then(|text| self.size(text, field));
        Memory {
            limit: size(&resources.memory, "resources.memory"),
            reservation: size(&resources.memory_reservation, "resources.memory_reservation"),
            swap: match resources.memory_swap.as_deref() {
                None => None,
                Some("-1") => Some(-1),
                Some(text) => self
                    .size(text, "resources.memory_swap")
                    .and_then(|bytes| i64::try_from(bytes).ok()),
            },
        }
    }

    /// In bytes.
    pub(crate) fn size(&mut self, text: &str, field: &str) -> Option<u64> {
        let bytes = quantity::bytes(text);
        if bytes.is_none() {
            self.fault(
                "invalid-size",
                field,
                format!("“{text}” is not a size; write for example 512Mi"),
            );
        }
        bytes
    }

    /// The number of replicas.
    pub fn replicas(&mut self) {
        let (field, replicas) = match &self.spec.scale {
            ScaleSpec::Fixed { replicas } => ("scale.replicas", *replicas),
            ScaleSpec::Adaptive { min, .. } => ("scale.min", *min),
            ScaleSpec::Manual => return,
        };
        if replicas > MAX_REPLICAS {
            let message = format!("{replicas} replicas are more than the {MAX_REPLICAS} that a service may have");
            self.fault("too-many-replicas", field, message);
        }
    }
}

/// Control characters as they are written in a program.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}
