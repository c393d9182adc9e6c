//! What is mounted into a container.

use std::path::{Path, PathBuf};

use zlayer_types::spec::StorageSpec;

use super::Parts;

/// A mount, and where in the container.
#[derive(Debug, Clone)]
pub enum Mount {
    Bind {
        source: PathBuf,
        target: String,
        read_only: bool,
    },
    /// Shared by all who name it, and kept after the deployment.
    Named {
        name: String,
        target: String,
        read_only: bool,
    },
    /// The container's own, and gone with it.
    Anonymous { target: String },
    Tmpfs {
        target: String,
        size_bytes: Option<u64>,
        /// Permissions.
        mode: u32,
    },
}

impl Parts<'_> {
    /// The mounts, in order.
    pub fn mounts(&mut self) -> Vec<Mount> {
        let mut mounts = Vec::new();
        for (number, storage) in self.spec.storage.iter().enumerate() {
            let field = |name: &str| format!("storage[{number}].{name}");
            let target = match storage {
                StorageSpec::Bind { target, .. }
                | StorageSpec::Named { target, .. }
                | StorageSpec::Anonymous { target, .. }
                | StorageSpec::Tmpfs { target, .. }
                | StorageSpec::S3 { target, .. } => target.clone(),
            };
            // Of a container, so by its rules on every machine that this is compiled for.
            if !target.starts_with('/') || target.split('/').any(|part| part == "..") {
                let message = format!("“{target}” must be an absolute path inside the container, without “..”");
                self.fault("invalid-path", &field("target"), message);
                continue;
            }
            if target.contains('\0') {
                self.nul(&field("target"));
                continue;
            }
            match storage {
                StorageSpec::Bind { source, readonly, .. } => {
                    if !source.starts_with('/') {
                        let message = format!(
                            "“{source}” is a relative path; write the whole path of the directory on this machine"
                        );
                        self.fault("invalid-path", &field("source"), message);
                        continue;
                    }
                    if source.contains('\0') {
                        self.nul(&field("source"));
                        continue;
                    }
                    mounts.push(Mount::Bind {
                        source: Path::new(source).to_owned(),
                        target,
                        read_only: *readonly,
                    });
                }
                StorageSpec::Named { name, readonly, .. } => {
                    if !is_volume(name) {
                        let message = format!(
                            "“{name}” cannot name a volume: use letters, digits, “.”, “-” and “_”, at most 64, beginning with a letter or digit"
                        );
                        self.fault("invalid-volume-name", &field("name"), message);
                        continue;
                    }
                    mounts.push(Mount::Named {
                        name: name.clone(),
                        target,
                        read_only: *readonly,
                    });
                }
                StorageSpec::Anonymous { .. } => mounts.push(Mount::Anonymous { target }),
                StorageSpec::Tmpfs { size, mode, .. } => {
                    let size_bytes = size.as_deref().and_then(|text| self.size(text, &field("size")));
                    mounts.push(Mount::Tmpfs {
                        target,
                        size_bytes,
                        mode: mode.unwrap_or(0o1777),
                    });
                }
                StorageSpec::S3 { .. } => {
                    let message = "storage in S3 is not served yet".to_owned();
                    self.fault("not-served", &field("type"), message);
                }
            }
        }
        mounts
    }
}

/// Letters, digits, `.`, `-`, `_`; begins with a letter or digit; at most 64 characters. So it stays below its directory.
fn is_volume(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::is_volume;

    #[test]
    fn a_volume_cannot_leave_its_directory() {
        for good in ["data", "pg-data_1", "a.b"] {
            assert!(is_volume(good), "{good}");
        }
        for bad in ["", ".", "..", "../x", "a/b", "-a", "a b", &"x".repeat(65)] {
            assert!(!is_volume(bad), "{bad}");
        }
    }
}
