//! Errors as answers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sidecar_api_types::{ErrorBody, ProblemSeverity, SpecProblem};
use sidecar_container::ContainerError;
use sidecar_orchestrator::EngineError;
use sidecar_orchestrator::command::Rejection;
use sidecar_spec::Problem;

/// An error answer: a status and a body.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub status: StatusCode,
    pub body: ErrorBody,
}

pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    pub fn new(status: StatusCode, code: &str, error: impl Into<String>) -> Self {
        let body = ErrorBody {
            error: error.into(),
            code: code.to_owned(),
            remedy: None,
            problems: Vec::new(),
        };
        Self { status, body }
    }

    pub fn bad_request(code: &str, error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, error)
    }

    pub fn remedy(mut self, remedy: &str) -> Self {
        self.body.remedy = Some(remedy.to_owned());
        self
    }

    /// The error as a line of an NDJSON stream that has already begun.
    pub fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(&self.body).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let status = match &error {
            EngineError::Rejected(Rejection::NoDeployment(_) | Rejection::NoService { .. })
            | EngineError::NoContainer(_) => StatusCode::NOT_FOUND,
            EngineError::Rejected(
                Rejection::Deleting(_) | Rejection::DeployedAgain(_) | Rejection::NothingBefore(_),
            )
            | EngineError::NotRunning(_) => StatusCode::CONFLICT,
            EngineError::Rejected(Rejection::TooManyReplicas(_)) | EngineError::InvalidSpec(_) => {
                StatusCode::BAD_REQUEST
            }
            EngineError::Container(_) | EngineError::Image(_) | EngineError::Network(_) => status_of(error.code()),
            EngineError::State(_) | EngineError::Io { .. } | EngineError::Internal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let mut answer = Self::new(status, error.code(), error.to_string());
        if let EngineError::InvalidSpec(problems) = error {
            answer.body.problems = problems.into_iter().map(spec_problem).collect();
        }
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(answer.body.error, "a request failed");
        }
        answer
    }
}

impl From<ContainerError> for ApiError {
    fn from(error: ContainerError) -> Self {
        EngineError::Container(error).into()
    }
}

/// By the codes of the image, container and network crates.
fn status_of(code: &str) -> StatusCode {
    match code {
        "image-not-found" | "image-not-present" | "not-found" => StatusCode::NOT_FOUND,
        "image-needs-login" => StatusCode::UNAUTHORIZED,
        "image-in-use" | "not-running" | "port-in-use" | "already-running" => StatusCode::CONFLICT,
        "image-invalid-reference"
        | "image-source-not-served"
        | "image-invalid"
        | "image-unsafe"
        | "image-wrong-platform"
        | "image-unmapped-id"
        | "command-not-found"
        | "command-not-executable"
        | "user-not-found"
        | "group-not-found"
        | "workdir-failed"
        | "invalid-config" => StatusCode::BAD_REQUEST,
        "registry-unreachable" | "registry-failed" | "image-digest-mismatch" | "image-truncated" => {
            StatusCode::BAD_GATEWAY
        }
        "disk-full" => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn spec_problem(problem: Problem) -> SpecProblem {
    let Problem {
        line,
        column,
        end_line,
        end_column,
        path,
        code,
        message,
    } = problem;
    SpecProblem {
        file: None,
        line,
        column,
        end_line,
        end_column,
        path,
        severity: ProblemSeverity::Error,
        code,
        message,
    }
}
