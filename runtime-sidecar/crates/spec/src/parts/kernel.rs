//! What a service asks of the kernel for its processes.

use std::collections::BTreeMap;

use zlayer_types::spec::NetworkMode;

use super::Parts;
use crate::kernel;

impl Parts<'_> {
    /// What the rules of [`kernel`] refuse. An empty signal or host name is as none: the image or the engine gives one.
    pub fn kernel(&mut self) {
        let spec = self.spec;
        if let Some(text) = spec.stop_signal.as_deref().filter(|text| !text.is_empty())
            && let Err(message) = kernel::signal(text)
        {
            self.fault("invalid-signal", "stop_signal", message);
        }
        if let Some(name) = spec.hostname.as_deref().filter(|name| !name.is_empty())
            && let Err(message) = kernel::hostname(name)
        {
            self.fault("invalid-hostname", "hostname", message);
        }
        // In a fixed order: maps of the spec's own have none.
        for (name, limit) in spec.ulimits.iter().collect::<BTreeMap<_, _>>() {
            let field = format!("ulimits.{name}");
            // Below zero is without limit.
            let number = |value: i64| u64::try_from(value).unwrap_or(u64::MAX);
            if let Err(message) = kernel::limit(name) {
                self.fault("invalid-ulimit", &field, message);
            } else if number(limit.soft) > number(limit.hard) {
                let soft = if limit.soft < 0 {
                    "without limit (-1)".to_owned()
                } else {
                    limit.soft.to_string()
                };
                let message = format!(
                    "the soft limit is {soft}, which is above the hard limit {}: raise the hard limit, or lower the soft one",
                    limit.hard
                );
                self.fault("soft-above-hard", &field, message);
            }
        }
        let host_network = spec.network_mode == NetworkMode::Host;
        for key in spec.sysctls.keys().collect::<std::collections::BTreeSet<_>>() {
            if let Err(message) = kernel::sysctl(key, host_network) {
                self.fault("invalid-sysctl", &format!("sysctls.{key}"), message);
            }
        }
    }
}
