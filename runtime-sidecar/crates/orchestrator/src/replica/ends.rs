//! What follows when a container has ended.

use std::time::Duration;

use sidecar_api_types::{Phase, Reason};
use sidecar_container::ContainerStatus;
use zlayer_types::spec::{ContainerRestartKind, PanicAction, ServiceSpec};

use crate::reason::reason;

pub(super) enum AfterEnd {
    Restart,
    /// Nothing further happens by itself.
    Rest(Phase, Option<Reason>),
}

/// What follows when a container ended that nobody stopped. A `restart_policy` decides; without one, `errors.on_panic`.
pub(super) fn after_end(spec: &ServiceSpec, status: &ContainerStatus, attempts: u32) -> AfterEnd {
    let ContainerStatus::Exited { code, .. } = *status else {
        return AfterEnd::Restart;
    };
    let rest = || {
        if code == 0 {
            AfterEnd::Rest(Phase::Stopped, Some(reason("completed", "ended with status 0")))
        } else {
            let code = if oom(status) { "out-of-memory" } else { "exited" };
            AfterEnd::Rest(Phase::Failed, Some(reason(code, describe(status, attempts + 1))))
        }
    };
    match &spec.restart_policy {
        None => match spec.errors.on_panic.action {
            PanicAction::Restart => AfterEnd::Restart,
            PanicAction::Shutdown | PanicAction::Isolate => rest(),
        },
        Some(policy) => match policy.kind {
            ContainerRestartKind::No => rest(),
            ContainerRestartKind::Always | ContainerRestartKind::UnlessStopped => AfterEnd::Restart,
            ContainerRestartKind::OnFailure if code == 0 => rest(),
            ContainerRestartKind::OnFailure => match policy.max_attempts {
                Some(most) if attempts >= most => {
                    let message = format!(
                        "{}; restart_policy.max_attempts is {most}",
                        describe(status, attempts + 1)
                    );
                    AfterEnd::Rest(Phase::Failed, Some(reason("crash-loop", message)))
                }
                _ => AfterEnd::Restart,
            },
        },
    }
}

pub(super) fn oom(status: &ContainerStatus) -> bool {
    matches!(status, ContainerStatus::Exited { oom_killed: true, .. })
}

/// “ended with status 1 (3 times in a row)”
pub(super) fn describe(status: &ContainerStatus, times: u32) -> String {
    let what = match status {
        ContainerStatus::Exited { oom_killed: true, .. } => {
            "used more memory than its limit and was killed; raise resources.memory".to_owned()
        }
        ContainerStatus::Exited {
            signal: Some(signal), ..
        } => format!("was ended by signal {signal}"),
        ContainerStatus::Exited { code, .. } => format!("ended with status {code}"),
        ContainerStatus::Running { .. } => "runs".to_owned(),
    };
    if times > 1 {
        format!("{what} ({times} times in a row)")
    } else {
        what
    }
}

pub(super) fn seconds(delay: Duration) -> String {
    if delay < Duration::from_secs(1) {
        "less than a second".to_owned()
    } else {
        format!("{} s", delay.as_secs_f64().round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(service: &str) -> ServiceSpec {
        let text =
            format!("version: v1\ndeployment: shop\nservices:\n  web:\n    image: {{ name: nginx:1 }}\n{service}");
        zlayer_types::spec::from_yaml_str(&text)
            .unwrap()
            .services
            .remove("web")
            .unwrap()
    }

    fn exited(code: i32) -> ContainerStatus {
        ContainerStatus::Exited {
            code,
            signal: None,
            oom_killed: false,
            finished_at_ms: 0,
        }
    }

    /// `R`: restart; otherwise the phase it rests in.
    fn check(service: &str, code: i32, attempts: u32, want: &str) {
        let got = match after_end(&spec(service), &exited(code), attempts) {
            AfterEnd::Restart => "restart".to_owned(),
            AfterEnd::Rest(phase, _) => format!("{phase:?}"),
        };
        assert_eq!(got, want, "{service} {code} {attempts}");
    }

    #[test]
    fn the_restart_policy_decides() {
        check("", 0, 0, "restart");
        check("", 1, 9, "restart");
        check("    errors: { on_panic: { action: isolate } }\n", 1, 0, "Failed");
        check("    errors: { on_panic: { action: shutdown } }\n", 0, 0, "Stopped");
        check("    restart_policy: { kind: \"no\" }\n", 1, 0, "Failed");
        check("    restart_policy: { kind: \"no\" }\n", 0, 0, "Stopped");
        check("    restart_policy: { kind: on_failure }\n", 0, 0, "Stopped");
        check(
            "    restart_policy: { kind: on_failure, max_attempts: 2 }\n",
            1,
            1,
            "restart",
        );
        check(
            "    restart_policy: { kind: on_failure, max_attempts: 2 }\n",
            1,
            2,
            "Failed",
        );
        check(
            "    restart_policy: { kind: unless_stopped }\n    errors: { on_panic: { action: shutdown } }\n",
            0,
            0,
            "restart",
        );
    }

    #[test]
    fn an_end_is_described_in_words() {
        assert_eq!(describe(&exited(1), 1), "ended with status 1");
        assert_eq!(describe(&exited(1), 3), "ended with status 1 (3 times in a row)");
        let killed = ContainerStatus::Exited {
            code: 137,
            signal: Some(9),
            oom_killed: false,
            finished_at_ms: 0,
        };
        assert_eq!(describe(&killed, 1), "was ended by signal 9");
    }
}
