//! What the engine makes of a spec: validity, and the fields that this engine serves.

/// A problem of a spec: where and what. Positions are 1-based, columns count characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub path: String,
    pub code: String,
    pub message: String,
}

/// What `zlayer-types` (the same crate and version as ZLayer's) says of this text. `Ok`: the spec; `Err`: at least one problem.
pub fn parse(text: &str) -> Result<zlayer_types::spec::DeploymentSpec, Vec<Problem>> { let _ = text; todo!() }

/// Fields of a valid spec that ask for something this engine does not do yet. They are refused, never ignored.
pub fn unserved(text: &str, spec: &zlayer_types::spec::DeploymentSpec) -> Vec<Problem> { let _ = (text, spec); todo!() }
