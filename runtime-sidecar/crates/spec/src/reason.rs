//! What `serde` says is wrong, taken apart.

/// An error of deserialisation, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    UnknownField { name: String, expected: Vec<String> },
    MissingField { name: String },
    DuplicateField { name: String },
    UnknownVariant { found: String, expected: Vec<String> },
    WrongType { found: String, expected: String },
    Other(String),
}

impl Reason {
    /// Reads the text of a `serde_yaml` error.
    pub(crate) fn of(error: &serde_yaml::Error) -> Self {
        let mut text = error.to_string();
        if let Some(place) = error.location() {
            let suffix = format!(" at line {} column {}", place.line(), place.column());
            if let Some(short) = text.strip_suffix(&suffix) {
                text = short.to_owned();
            }
        }
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let text = without_path(text);
        let ticked = |rest: &str| {
            rest.split_once('`')
                .map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        };
        if let Some((name, rest)) = text.strip_prefix("unknown field `").and_then(ticked) {
            return Self::UnknownField {
                name,
                expected: names(&rest),
            };
        }
        if let Some((name, _)) = text.strip_prefix("missing field `").and_then(ticked) {
            return Self::MissingField { name };
        }
        if let Some((name, _)) = text.strip_prefix("duplicate field `").and_then(ticked) {
            return Self::DuplicateField { name };
        }
        if let Some((found, rest)) = text.strip_prefix("unknown variant `").and_then(ticked) {
            return Self::UnknownVariant {
                found,
                expected: names(&rest),
            };
        }
        let typed = ["invalid type: ", "invalid value: "]
            .iter()
            .find_map(|beginning| text.strip_prefix(beginning));
        if let Some((found, expected)) = typed.and_then(|rest| rest.rsplit_once(", expected ")) {
            return Self::WrongType {
                found: found.to_owned(),
                expected: expected.to_owned(),
            };
        }
        Self::Other(text.to_owned())
    }

    /// Whether the words of the error quote this text.
    pub(crate) fn quotes(&self, text: &str) -> bool {
        match self {
            Self::UnknownVariant { found, .. } => found == text,
            Self::WrongType { found, .. } => {
                found == &format!("string {text:?}")
                    || found
                        .split_once('`')
                        .is_some_and(|(_, rest)| rest.trim_end_matches('`') == text)
            }
            Self::Other(words) => !text.is_empty() && words.contains(text),
            _ => false,
        }
    }
}

/// The words after the path that `serde_yaml` puts before them.
fn without_path(text: &str) -> &str {
    const BEGINNINGS: [&str; 7] = [
        "unknown field `",
        "missing field `",
        "duplicate field `",
        "unknown variant `",
        "invalid type: ",
        "invalid value: ",
        "invalid duration: ",
    ];
    if let Some(from) = BEGINNINGS.iter().filter_map(|beginning| text.find(beginning)).min() {
        return text.get(from..).unwrap_or(text);
    }
    match text.split_once(": ") {
        Some((path, words)) if !path.contains(' ') => words,
        _ => text,
    }
}

/// The names between back ticks.
fn names(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_taken_apart() {
        let check = |text: &str, expect: Reason| assert_eq!(Reason::parse(text), expect, "{text}");
        check(
            "web.scale: unknown field `a`, expected one of `b`, `c`",
            Reason::UnknownField {
                name: "a".into(),
                expected: vec!["b".into(), "c".into()],
            },
        );
        check("missing field `image`", Reason::MissingField { name: "image".into() });
        check(
            "image: invalid type: string \"nginx, expected\", expected struct ImageSpec",
            Reason::WrongType {
                found: "string \"nginx, expected\"".into(),
                expected: "struct ImageSpec".into(),
            },
        );
        check(
            "x: invalid duration: bad",
            Reason::Other("invalid duration: bad".into()),
        );
    }
}
