//! Answers for calls that ZLayer has and this engine has not, and for those that nobody has.

use axum::http::{Method, StatusCode, Uri};

use crate::error::ApiError;

/// `METHOD path operation-id`, one a line.
const OPERATIONS: &str = include_str!("operations.txt");

pub(crate) async fn answer(method: Method, uri: Uri) -> ApiError {
    let path = uri.path();
    let of_path: Vec<(&str, &str)> = operations()
        .filter(|(_, pattern, _)| matches(pattern, path))
        .map(|(m, _, id)| (m, id))
        .collect();
    if let Some((_, id)) = of_path.iter().find(|(served, _)| *served == method.as_str()) {
        let message = format!("{method} {path} ({id}) is a call of ZLayer's API that this engine does not serve yet.");
        return ApiError::new(StatusCode::NOT_IMPLEMENTED, "not-served", message)
            .remedy("Use a ZLayer daemon for it, or another call.");
    }
    if of_path.is_empty() {
        return ApiError::new(
            StatusCode::NOT_FOUND,
            "no-such-call",
            format!("There is no call {method} {path}."),
        );
    }
    let methods: Vec<&str> = of_path.iter().map(|(method, _)| *method).collect();
    let message = format!("{path} takes {}, not {method}.", methods.join(" and "));
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message)
}

fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OPERATIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?, words.next()?))
        })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(p), Some(segment)) if p == segment || (p.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(method: Method, path: &'static str, status: u16, names: &str) {
        let answer = answer(method, Uri::from_static(path)).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.body.error.contains(names), "{}", answer.body.error);
    }

    #[tokio::test]
    async fn an_operation_that_is_not_served_is_named() {
        check(Method::GET, "/api/v1/volumes", 501, "list_volumes").await;
        check(Method::POST, "/api/v1/containers/abc/pause", 501, "pause_container").await;
        check(Method::GET, "/api/v1/nothing", 404, "/api/v1/nothing").await;
        check(Method::PATCH, "/api/v1/volumes", 405, "GET and POST").await;
        check(Method::GET, "/api/v1/volumes/", 404, "no call").await;
    }
}
