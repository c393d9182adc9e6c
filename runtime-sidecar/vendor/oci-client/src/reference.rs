//! The name of an image, read without the regular expression of `oci-spec`: compiled, that takes 20 MB and 70 ms, which an editor
//! would spend on its first spec and the engine would keep. What is read is the same, which a test of `sidecar-spec` holds
//! against `oci-spec`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use oci_spec::distribution::{ParseError, Reference as Parts};

/// In bytes, of the repository.
const LONGEST_REPOSITORY: usize = 255;
/// In characters.
const LONGEST_TAG: usize = 128;
const LEAST_DIGITS: usize = 32;

/// `oci_spec::distribution::Reference`, and how it is read from text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(Parts);

impl Deref for Reference {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Reference {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::try_from(text)
    }
}

impl TryFrom<String> for Reference {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        Self::try_from(text.as_str())
    }
}

/// `[host[:port]/]path[:tag][@digest]`, the grammar of the OCI distribution specification.
impl TryFrom<&str> for Reference {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::NameEmpty);
        }
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        let last = named.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match named[last..].find(':') {
            Some(colon) => (&named[..last + colon], Some(&named[last + colon + 1..])),
            None => (named, None),
        };
        if !is_name(name) || !tag.is_none_or(is_tag) || !digest.is_none_or(is_digest) {
            return Err(ParseError::ReferenceInvalidFormat);
        }
        let (registry, repository) = registry_and_repository(name);
        if repository.len() > LONGEST_REPOSITORY {
            return Err(ParseError::NameTooLong);
        }
        if let Some((algorithm, digits)) = digest.and_then(|digest| digest.split_once(':')) {
            let length = match algorithm {
                "sha256" => 64,
                "sha384" => 96,
                "sha512" => 128,
                _ => return Err(ParseError::DigestUnsupported),
            };
            if digits.len() != length {
                return Err(ParseError::DigestInvalidLength);
            }
        }
        Ok(Self(match (tag, digest) {
            (None, None) => Parts::with_tag(registry, repository, "latest".to_owned()),
            (Some(tag), None) => Parts::with_tag(registry, repository, tag.to_owned()),
            (None, Some(digest)) => Parts::with_digest(registry, repository, digest.to_owned()),
            (Some(tag), Some(digest)) => {
                Parts::with_tag_and_digest(registry, repository, tag.to_owned(), digest.to_owned())
            }
        }))
    }
}

fn is_name(name: &str) -> bool {
    if name.split('/').all(is_component) {
        return true;
    }
    name.split_once('/')
        .is_some_and(|(host, path)| is_host(host) && path.split('/').all(is_component))
}

/// Lower-case letters and digits; between them one or two `_`, one `.`, or any number of `-`.
fn is_component(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| is_plain(*byte)) || !bytes.last().is_some_and(|byte| is_plain(*byte)) {
        return false;
    }
    bytes
        .split(|byte| is_plain(*byte))
        .all(|separator| matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-'))
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
    };
    name.split('.').all(is_label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_tag(text: &str) -> bool {
    // What Unicode calls a word, as `oci-spec` has it.
    let is_word = regex_syntax::is_word_character;
    text.chars().next().is_some_and(is_word)
        && text.chars().all(|c| is_word(c) || c == '.' || c == '-')
        && text.chars().count() <= LONGEST_TAG
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, digits)) = text.split_once(':') else {
        return false;
    };
    let is_part = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(is_part)
        && digits.len() >= LEAST_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What has no host is of Docker Hub, and there in `library` when it has one part only.
fn registry_and_repository(name: &str) -> (String, String) {
    let (registry, repository) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("docker.io", name),
    };
    let registry = if registry == "index.docker.io" {
        "docker.io"
    } else {
        registry
    };
    if registry == "docker.io" && !repository.contains('/') {
        return (registry.to_owned(), format!("library/{repository}"));
    }
    (registry.to_owned(), repository.to_owned())
}
