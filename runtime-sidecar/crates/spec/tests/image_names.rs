//! The names of images are read as `oci-spec` reads them, of which the real oci-client takes the type.

use std::str::FromStr;

use oci_spec::distribution::Reference as Theirs;
use proptest::prelude::*;
use zlayer_types::ImageReference as Ours;

fn compare(text: &str) {
    let ours = Ours::from_str(text).map(|reference| (*reference).clone());
    assert_eq!(ours, Theirs::from_str(text), "{text:?}");
}

#[test]
fn names_are_read_as_oci_spec_reads_them() {
    let (sha, long) = ("f".repeat(64), "a".repeat(256));
    for text in [
        "",
        "a",
        "A",
        "a/b",
        "A/b",
        "localhost/a",
        "localhost:5000",
        "localhost:5000/a",
        "localhost:/a",
        "a.b/c",
        "a..b",
        "a.b/C",
        "a__b",
        "a___b",
        "a---b",
        "a-_b",
        "-a",
        "a-",
        "a-/b",
        "a-.b/c",
        "x:1/y:2",
        "a:b:c",
        "a:",
        ":a",
        "a:é",
        "a:é.-_",
        "a:.b",
        "a:-b",
        "a:\u{200d}b",
        "é",
        "a@sha256:",
        "a/",
        "/a",
        "a//b",
        "a@b@c",
        "index.docker.io/a",
        "docker.io/a",
        "docker.io/a/b",
        "a b",
        "a\n",
        "a:b\n",
        "a.b:1/c:d@x",
        "http://a/b",
        "1",
        "1.2.3.4:5/a",
        "a_b/c",
        "A_B/c",
        "a:1/b:2/c",
    ] {
        compare(text);
    }
    for digest in [
        format!("sha256:{sha}"),
        format!("sha384:{sha}"),
        format!("md5:{sha}"),
        format!("sha512:{sha}{sha}"),
        format!("a+b.c-d_e:{sha}"),
        format!("a++b:{sha}"),
        format!("1a:{sha}"),
        format!("sha256:{}", "F".repeat(64)),
        format!("sha256:{}", "f".repeat(31)),
        format!("sha256:{}", "f".repeat(32)),
        format!("sha256:{}", "g".repeat(64)),
    ] {
        compare(&format!("a@{digest}"));
        compare(&format!("a:b@{digest}"));
        compare(&format!("c.d:1/a:b@{digest}"));
    }
    for length in [127, 128, 129] {
        compare(&format!("a:{}", "t".repeat(length)));
        compare(&format!("a:{}", "é".repeat(length)));
    }
    for length in [247, 248, 255, 256] {
        compare(&long[..length]);
        compare(&format!("docker.io/{}", &long[..length]));
        compare(&format!("h.x/{}", &long[..length]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_read_as_oci_spec_reads_it(
        text in "([a-zA-Z0-9._-]{1,5}[.:/]){0,3}[a-z0-9._/-]{0,6}([:@][\\w.:-]{0,6})?(@(sha(256|512)|x[-+._:]y):[0-9a-fA-F]{31,65})?"
    ) {
        compare(&text);
    }

    #[test]
    fn mixed_up_text_is_read_as_oci_spec_reads_it(text in "[aB0é.:/@_-]{0,10}") {
        compare(&text);
    }
}
