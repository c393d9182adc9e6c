//! Where an image comes from, read from what the user wrote.

use std::path::PathBuf;

use oci_client::Reference;

use crate::digest::Digest;
use crate::error::ImageError;

/// A parsed reference.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    Registry(Reference),
    /// An OCI image layout in a directory of this machine.
    Layout {
        dir: PathBuf,
        selector: LayoutSelector,
    },
}

/// Which image of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LayoutSelector {
    /// The only one.
    Only,
    Tag(String),
    Digest(Digest),
}

impl Location {
    /// Errors with `image-invalid-reference`, or `image-source-not-served` for a scheme that is not served.
    pub(crate) fn parse(text: &str) -> Result<Self, ImageError> {
        let invalid = |reason: String| ImageError::InvalidReference {
            reference: text.to_owned(),
            reason,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(invalid("it is empty".to_owned()));
        }
        if let Some(rest) = text.strip_prefix("oci-layout:") {
            return layout(rest).map_err(invalid);
        }
        let text = text.strip_prefix("docker://").unwrap_or(text);
        if let Some((scheme, _)) = text.split_once("://") {
            return match scheme {
                "http" | "https" => Err(invalid("it must not begin with a URL scheme".to_owned())),
                _ => Err(ImageError::SourceNotServed {
                    reference: text.to_owned(),
                    scheme: format!("{scheme}://"),
                }),
            };
        }
        let reference = Reference::try_from(text).map_err(|e| invalid(e.to_string()))?;
        // The parser lets it pass in the first part of a name, which might have been a host.
        if reference.repository().bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(invalid(format!(
                "the name `{}` must be in lower case",
                reference.repository()
            )));
        }
        if let Some(digest) = reference.digest() {
            Digest::parse(digest).map_err(invalid)?;
        }
        Ok(Self::Registry(reference))
    }

    /// The one spelling under which an image is stored and shown.
    pub(crate) fn canonical(&self) -> String {
        match self {
            Self::Registry(reference) => reference.whole(),
            Self::Layout { dir, selector } => {
                let dir = dir.display();
                match selector {
                    LayoutSelector::Only => format!("oci-layout:{dir}"),
                    LayoutSelector::Tag(tag) => format!("oci-layout:{dir}:{tag}"),
                    LayoutSelector::Digest(digest) => format!("oci-layout:{dir}@{digest}"),
                }
            }
        }
    }

    /// The digest that the user pinned, if any.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Registry(reference) => reference.digest().and_then(|d| Digest::parse(d).ok()),
            Self::Layout {
                selector: LayoutSelector::Digest(digest),
                ..
            } => Some(digest.clone()),
            Self::Layout { .. } => None,
        }
    }

    /// Registry and repository, or the layout's directory: what remains without tag and digest.
    pub(crate) fn repository(&self) -> String {
        match self {
            Self::Registry(reference) => format!("{}/{}", reference.registry(), reference.repository()),
            Self::Layout { dir, .. } => format!("oci-layout:{}", dir.display()),
        }
    }
}

fn layout(rest: &str) -> Result<Location, String> {
    let (path, selector) = if let Some((path, digest)) = rest.split_once("@") {
        (path, LayoutSelector::Digest(Digest::parse(digest)?))
    } else {
        match rest.rsplit_once(':') {
            Some((_, "")) => return Err("the tag after the last `:` is empty".to_owned()),
            Some((path, tag)) if !tag.contains('/') => (path, LayoutSelector::Tag(tag.to_owned())),
            _ => (rest, LayoutSelector::Only),
        }
    };
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` of the layout is not absolute"));
    }
    Ok(Location::Layout {
        dir: PathBuf::from(path),
        selector,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, canonical: &str) {
        assert_eq!(Location::parse(text).unwrap().canonical(), canonical, "{text}");
    }

    #[test]
    fn fills_in_the_default_registry_and_tag() {
        let digest = format!("sha256:{:064x}", 7);
        check("nginx", "docker.io/library/nginx:latest");
        check("docker.io/library/nginx:1.27", "docker.io/library/nginx:1.27");
        check("localhost:5000/app:1", "localhost:5000/app:1");
        check("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest");
        check("docker://quay.io/a/b:c", "quay.io/a/b:c");
        check(&format!("quay.io/a/b@{digest}"), &format!("quay.io/a/b@{digest}"));
        check("oci-layout:/srv/images/app", "oci-layout:/srv/images/app");
        check("oci-layout:/srv/images/app:v1.2", "oci-layout:/srv/images/app:v1.2");
        check(
            &format!("oci-layout:/srv/app@{digest}"),
            &format!("oci-layout:/srv/app@{digest}"),
        );
    }

    #[test]
    fn refuses_what_is_not_a_reference() {
        for (text, code) in [
            ("", "image-invalid-reference"),
            ("UPPER/case", "image-invalid-reference"),
            ("a b", "image-invalid-reference"),
            ("https://nginx", "image-invalid-reference"),
            (
                "nginx@sha256:00000000000000000000000000000000",
                "image-invalid-reference",
            ),
            ("oci-layout:relative/path", "image-invalid-reference"),
            ("oci-layout:/path:", "image-invalid-reference"),
            ("oci-layout:/path@sha256:zz", "image-invalid-reference"),
            (
                "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
                "image-source-not-served",
            ),
        ] {
            assert_eq!(Location::parse(text).unwrap_err().code(), code, "{text}");
        }
    }
}
