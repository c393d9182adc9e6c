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
    let machine = &api.machine;
    Json(Capabilities {
        mode: machine.mode.as_str(),
        is_root: machine.is_root,
        is_nested: machine.is_nested,
        can_write_cgroup_root: machine.can_write_cgroup_root,
        cgroup_parent: machine.cgroup_parent.clone(),
        has_cap_net_admin: machine.has_cap_net_admin,
        tun_device_available: machine.tun_device_available,
    })
}
