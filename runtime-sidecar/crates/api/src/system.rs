//! Health and capabilities.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use zlayer_types::api::health::HealthResponse;

use crate::Api;

/// The socket is bound once the engine is open: whoever reaches us reaches an engine that takes work.
pub(crate) async fn health(State(api): State<Arc<Api>>) -> Json<HealthResponse> {
    Json(HealthResponse {
        status: "ok".to_owned(),
        version: api.version.to_owned(),
        uptime_secs: api.started.elapsed().ok().map(|up| up.as_secs()),
        runtime_name: "youki".to_owned(),
    })
}

/// ZLayer's `DaemonCapabilitiesResponse`, which is not in `zlayer-types`.
#[derive(Debug, Serialize)]
pub(crate) struct Capabilities {
    mode: &'static str,
    is_root: bool,
    is_nested: bool,
    can_write_cgroup_root: bool,
    cgroup_parent: Option<String>,
    has_cap_net_admin: bool,
    tun_device_available: bool,
}

pub(crate) async fn capabilities(State(api): State<Arc<Api>>) -> Json<Capabilities> {
    let is_root = !api.engine.is_rootless();
    let is_nested = std::fs::read_to_string("/proc/self/cgroup")
        .is_ok_and(|text| text.lines().any(|line| line.strip_prefix("0::").is_some_and(|path| path.contains("docker") || path.contains("kubepods"))));
    Json(Capabilities {
        mode: match (is_root, api.limitations.is_empty()) {
            (true, true) => "full",
            (_, true) => "nested_adaptive",
            (_, false) => "degraded",
        },
        is_root,
        is_nested,
        can_write_cgroup_root: api.cgroup_parent.is_some(),
        cgroup_parent: api.cgroup_parent.clone(),
        // Without it no container network could have been opened.
        has_cap_net_admin: true,
        tun_device_available: std::fs::File::options().read(true).write(true).open("/dev/net/tun").is_ok(),
    })
}
