//! Images that lie on this machine under a name: `oci-layout.localhost/NAME:TAG`.
//!
//! A spec's image is a reference of the distribution grammar, in which a path cannot be written. The name of a registry
//! that can never exist (RFC 6761 keeps `.localhost` for this machine) stands for the store's own directory of layouts.

use std::path::Path;

use crate::reference::{LayoutSelector, Location};

/// What stands in the place of a registry.
const HOST: &str = "oci-layout.localhost";

/// Where the image of such a name lies. `None` for every other location.
pub(crate) fn find(location: &Location, layouts: &Path) -> Option<Location> {
    let Location::Registry(reference) = location else {
        return None;
    };
    if reference.registry() != HOST {
        return None;
    }
    let selector = match (location.digest(), reference.tag()) {
        (Some(digest), _) => LayoutSelector::Digest(digest),
        (None, Some(tag)) => LayoutSelector::Tag(tag.to_owned()),
        (None, None) => LayoutSelector::Only,
    };
    // The grammar has neither `..` nor an empty part, so this stays below `layouts`.
    Some(Location::Layout {
        dir: layouts.join(reference.repository()),
        selector,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = find(&Location::parse(text).unwrap(), Path::new("/store/layouts"));
        assert_eq!(
            found.map(|location| location.canonical()).as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn a_name_of_this_machine_is_a_directory_of_the_store() {
        let digest = format!("sha256:{}", "a".repeat(64));
        check(
            "oci-layout.localhost/hello:1",
            Some("oci-layout:/store/layouts/hello:1"),
        );
        check(
            "oci-layout.localhost/team/app:v2",
            Some("oci-layout:/store/layouts/team/app:v2"),
        );
        check("oci-layout.localhost/app", Some("oci-layout:/store/layouts/app:latest"));
        check(
            &format!("oci-layout.localhost/app@{digest}"),
            Some(&format!("oci-layout:/store/layouts/app@{digest}")),
        );
    }

    #[test]
    fn other_names_are_left_alone() {
        check("localhost/hello:1", None);
        check("localhost:5000/hello:1", None);
        check("nginx", None);
        check("oci-layout:/srv/app:1", None);
    }

    #[test]
    fn a_name_cannot_climb_out() {
        for text in [
            "oci-layout.localhost/../etc:1",
            "oci-layout.localhost/a/../../b:1",
            "oci-layout.localhost//etc:1",
        ] {
            assert!(Location::parse(text).is_err(), "{text}");
        }
    }
}
