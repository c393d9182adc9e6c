//! Times in a spec.

use std::time::Duration;

use super::Parts;

const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Parts<'_> {
    /// Times that are added to the clock: longer ones than it can hold are mistakes, and so is all that nobody lives to see.
    pub fn durations(&mut self) {
        let spec = self.spec;
        let health = &spec.health;
        let mut found: Vec<(String, Duration)> = [
            ("health.start_grace", health.start_grace),
            ("health.interval", health.interval),
            ("health.timeout", health.timeout),
            ("stop_grace_period", spec.stop_grace_period),
        ]
        .into_iter()
        .filter_map(|(field, time)| Some((field.to_owned(), time?)))
        .collect();
        for (number, dependency) in spec.depends.iter().enumerate() {
            let field = format!("depends[{number}].timeout");
            found.extend(dependency.timeout.map(|time| (field, time)));
        }
        let delay = spec.restart_policy.as_ref().and_then(|policy| policy.delay.as_deref());
        match delay.map(humantime::parse_duration) {
            Some(Ok(time)) => found.push(("restart_policy.delay".to_owned(), time)),
            Some(Err(_)) => {
                let text = delay.unwrap_or_default();
                let message = format!("“{text}” is not a duration; write for example 500ms or 2s");
                self.fault("invalid-duration", "restart_policy.delay", message);
            }
            None => {}
        }
        for (field, time) in found {
            if time > LONGEST {
                let message = format!(
                    "{} is longer than a year; write a shorter time",
                    humantime::format_duration(time)
                );
                self.fault("invalid-duration", &field, message);
            }
        }
    }
}
