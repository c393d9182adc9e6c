//! What happens, as it happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::broadcast;

/// A slow reader may be this many events behind before it misses some.
const CAPACITY: usize = 1024;

/// The shape of ZLayer's `DaemonEvent`. `create`, `stop`, `destroy` and the resource `deployment` are ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "resource", rename_all = "lowercase")]
pub enum Event {
    Container {
        kind: ContainerEventKind,
        id: String,
        /// RFC 3339.
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
        labels: BTreeMap<String, String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// `healthy`, `unhealthy` or `starting`; only with `health`.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<String>,
    },
    Image {
        kind: ImageEventKind,
        reference: String,
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
    },
    Deployment {
        kind: DeploymentEventKind,
        name: String,
        at: String,
        generation: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerEventKind {
    Create,
    Start,
    Die,
    Oom,
    Stop,
    Destroy,
    Health,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageEventKind {
    Pull,
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentEventKind {
    Create,
    Update,
    Delete,
}

/// Sends events to whoever listens. Sending never waits.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Arc<Event>>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }
}

impl Events {
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }

    pub(crate) fn send(&self, event: Event) {
        // An error says that nobody listens.
        let _ = self.0.send(Arc::new(event));
    }

    pub(crate) fn container(
        &self,
        kind: ContainerEventKind,
        id: &str,
        labels: &BTreeMap<String, String>,
        details: ContainerDetails,
    ) {
        let ContainerDetails {
            exit_code,
            reason,
            status,
        } = details;
        let (id, labels) = (id.to_owned(), labels.clone());
        self.send(Event::Container {
            kind,
            id,
            at: now(),
            exit_code,
            labels,
            reason,
            status,
        });
    }

    pub(crate) fn image(&self, kind: ImageEventKind, reference: &str, digest: Option<String>) {
        self.send(Event::Image {
            kind,
            reference: reference.to_owned(),
            at: now(),
            digest,
        });
    }

    pub(crate) fn deployment(&self, kind: DeploymentEventKind, name: &str, generation: u64) {
        self.send(Event::Deployment {
            kind,
            name: name.to_owned(),
            at: now(),
            generation,
        });
    }
}

#[derive(Debug, Default)]
pub(crate) struct ContainerDetails {
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    pub status: Option<String>,
}

pub(crate) fn now() -> String {
    rfc3339(now_ms())
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

pub(crate) fn rfc3339(ms: u64) -> String {
    chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX))
        .unwrap_or_default()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_shape_of_zlayers() {
        let event = Event::Container {
            kind: ContainerEventKind::Die,
            id: "web".into(),
            at: rfc3339(1_700_000_000_123),
            exit_code: Some(137),
            labels: BTreeMap::new(),
            reason: Some("killed".into()),
            status: None,
        };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"resource":"container","kind":"die","id":"web","at":"2023-11-14T22:13:20.123Z","exit_code":137,"labels":{},"reason":"killed"}"#
        );
    }
}
