//! `GET /api/v1/events`

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use sidecar_orchestrator::events::Event;
use tokio::sync::broadcast::error::RecvError;

use crate::Api;
use crate::error::{ApiError, Result};
use crate::query::Query;
use crate::stream::{self, until_shutdown};

/// One event a line, for as long as the client listens. A label filter leaves only containers.
pub(crate) async fn events(State(api): State<Arc<Api>>, query: Query) -> Result<Response> {
    let mut filters = Vec::new();
    for text in query.all("label") {
        let Some((name, value)) = text.split_once('=') else {
            let message = format!("The parameter label must be of the form name=value, not “{text}”.");
            return Err(ApiError::bad_request("invalid-parameter", message));
        };
        filters.push((name.to_owned(), value.to_owned()));
    }
    let receiver = api.engine.events().subscribe();
    let lines = futures_util::stream::unfold((receiver, filters), |(mut receiver, filters)| async move {
        loop {
            match receiver.recv().await {
                Ok(event) if passes(&event, &filters) => {
                    return Some((stream::line(&*event), (receiver, filters)));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "a reader of the events is too slow");
                }
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Ok(stream::response("application/json", until_shutdown(&api, lines)))
}

fn passes(event: &Event, filters: &[(String, String)]) -> bool {
    match event {
        Event::Container { labels, .. } => filters.iter().all(|(name, value)| labels.get(name) == Some(value)),
        _ => filters.is_empty(),
    }
}
