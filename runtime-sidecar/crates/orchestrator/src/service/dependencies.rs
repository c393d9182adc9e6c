//! What a service waits for before it starts.

use sidecar_api_types::{Phase, Reason};
use tokio::time::Instant;
use zlayer_types::spec::{DependencyCondition, DependsSpec, TimeoutAction};

use super::{Service, Stuck, failed, find};
use crate::reason::reason_at;

impl Service {
    /// `Ok`: a remark, when a dependency was given up but the spec says to go on.
    pub(super) async fn wait_for_dependencies(&self, depends: &[DependsSpec]) -> Result<Option<Reason>, Stuck> {
        let started = Instant::now();
        let mut given_up = Vec::new();
        let mut note = None;
        let mut revisions = self.context.board.revisions();
        loop {
            revisions.borrow_and_update();
            let mut next_deadline = None;
            let mut waiting = None;
            for (number, dependency) in depends.iter().enumerate() {
                if given_up.contains(&number) || self.fulfilled(dependency) {
                    continue;
                }
                let late = dependency.timeout.is_some_and(|timeout| started.elapsed() >= timeout);
                let message = self.waits_for(dependency);
                let path = format!("services.{}.depends[{number}]", self.name);
                if late {
                    let limit = dependency.timeout.unwrap_or_default();
                    match dependency.on_timeout {
                        TimeoutAction::Fail => {
                            let message = format!("gave up after {limit:?}: {message}");
                            return Err(failed(reason_at("dependency-timeout", message, path)));
                        }
                        TimeoutAction::Warn => {
                            let message =
                                format!("started after {limit:?} without “{}”: {message}", dependency.service);
                            tracing::warn!(deployment = self.deployment, service = self.name, message);
                            note = Some(reason_at("dependency-timeout", message, path));
                        }
                        TimeoutAction::Continue => {}
                    }
                    given_up.push(number);
                    continue;
                }
                let deadline = dependency.timeout.map(|timeout| started + timeout);
                next_deadline = [next_deadline, deadline].into_iter().flatten().min();
                waiting.get_or_insert_with(|| reason_at("waiting-for-dependency", message, path));
            }
            let Some(waiting) = waiting else { return Ok(note) };
            self.report(|service| service.condition = Some((Phase::Waiting, waiting)));
            let deadline = async {
                match next_deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = revisions.changed() => {}
                () = deadline => {}
            }
        }
    }

    fn fulfilled(&self, dependency: &DependsSpec) -> bool {
        find(&self.context, &self.deployment, &dependency.service).is_some_and(|service| match dependency.condition {
            DependencyCondition::Started => service.running > 0,
            // Names resolve to a replica from the moment that it is healthy, so healthy is ready.
            DependencyCondition::Healthy | DependencyCondition::Ready => service.healthy > 0,
        })
    }

    fn waits_for(&self, dependency: &DependsSpec) -> String {
        let name = &dependency.service;
        let condition = match dependency.condition {
            DependencyCondition::Started => "start",
            DependencyCondition::Healthy => "be healthy",
            DependencyCondition::Ready => "be ready",
        };
        let cause = find(&self.context, &self.deployment, name).and_then(|service| service.reason);
        match cause {
            Some(cause) => format!("waiting for “{name}” to {condition} ({})", cause.message),
            None => format!("waiting for “{name}” to {condition}"),
        }
    }
}
