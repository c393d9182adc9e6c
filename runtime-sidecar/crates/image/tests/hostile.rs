//! Archives that try to get out, to reach the machine, or to exhaust it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sidecar_image::{ImageError, ImageStore, Limits, StoreOptions};
use support::archive::{Archive, Entry};
use support::images::{ImageBuilder, gzip};
use support::{contents, impatient, pull, store, temp_becomes_empty};
use tar::EntryType;

/// A file as it stands: path, links, mode, time of change in seconds and nanoseconds, content.
type Seen = (PathBuf, u64, u32, i64, i64, Option<Vec<u8>>);

/// A directory tree around a store, whose other parts nobody may touch.
struct Yard {
    dir: tempfile::TempDir,
    before: Vec<Seen>,
}

impl Yard {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for sub in ["outside/dir", "layout"] {
            std::fs::create_dir_all(dir.path().join(sub)).unwrap();
        }
        for file in ["outside/canary", "outside/dir/canary", "canary"] {
            std::fs::write(dir.path().join(file), "alive").unwrap();
        }
        let mut yard = Self {
            dir,
            before: Vec::new(),
        };
        yard.before = yard.look();
        yard
    }

    fn path(&self, sub: &str) -> PathBuf {
        self.dir.path().join(sub)
    }

    /// All that stands outside of the store and the layout.
    fn look(&self) -> Vec<Seen> {
        fn walk(path: &Path, seen: &mut Vec<Seen>) {
            let meta = std::fs::symlink_metadata(path).unwrap();
            let content = meta.is_file().then(|| std::fs::read(path).unwrap());
            seen.push((
                path.to_owned(),
                meta.nlink(),
                meta.mode(),
                meta.mtime(),
                meta.mtime_nsec(),
                content,
            ));
            if meta.is_dir() {
                let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
                names.sort();
                names.iter().for_each(|name| walk(name, seen));
            }
        }
        let mut seen = Vec::new();
        for sub in ["outside", "canary"] {
            walk(&self.path(sub), &mut seen);
        }
        let mut names: Vec<_> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.retain(|name| !name.ends_with("store"));
        names.sort();
        seen.extend(names.into_iter().map(|name| (name, 0, 0, 0, 0, None)));
        seen
    }

    fn assert_untouched(&self) {
        assert_eq!(self.look(), self.before);
    }

    async fn pull(&self, archive: Vec<u8>, options: StoreOptions) -> Result<PathBuf, ImageError> {
        let reference = ImageBuilder::new()
            .layer(archive)
            .build()
            .write_layout(&self.path("layout"), "1");
        let store = ImageStore::open_with(&self.path("store"), options).await.unwrap();
        Ok(pull(&store, &reference).await?.layers[0].clone())
    }
}

async fn refused(archive: Archive) -> String {
    refused_with(archive.bytes(), impatient()).await
}

/// Asserts that the image is refused, that nothing is left of it, and that nothing outside was touched.
async fn refused_with(archive: Vec<u8>, options: StoreOptions) -> String {
    let yard = Yard::new();
    let error = yard.pull(archive, options).await.unwrap_err();
    yard.assert_untouched();
    temp_becomes_empty(&yard.path("store")).await;
    assert_eq!(contents(&yard.path("store")), [""; 0]);
    assert_eq!(error.code(), "image-unsafe", "{error}");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_lead_out() {
    let deep = "a/".repeat(300);
    let component = "x".repeat(256);
    let path = "y/".repeat(2100);
    for name in [
        "../canary",
        "/canary",
        "/etc/passwd",
        "a/../../canary",
        "..",
        "a/..",
        "./../canary",
        "a/b/../../../canary",
        "//canary",
        &deep,
        &component,
        &path,
    ] {
        for entry in [
            Entry::file(name, "dead"),
            Entry::dir(name),
            Entry::symlink(name, "x"),
            Entry::device(EntryType::Fifo, name, 0, 0),
        ] {
            refused(Archive::of([entry])).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_a_zero_byte() {
    let archive = Archive::default()
        .pax(&[("path".to_owned(), b"ok\0/../../canary".to_vec())])
        .add(Entry::file("x", "dead"));
    assert!(refused(archive).await.contains("zero byte"));
}

#[tokio::test(flavor = "multi_thread")]
async fn symbolic_links_that_lead_out() {
    let yard = Yard::new();
    let outside = yard.path("outside");
    let outside = outside.to_str().unwrap();
    for target in [
        outside,
        "/",
        "..",
        "../..",
        "../../../../../../../../..",
        "/proc/self/root",
        "/proc/self/cwd",
        "dir/../../..",
    ] {
        for through in [
            Entry::file("link/canary", "dead"),
            Entry::dir("link/new"),
            Entry::symlink("link/new", "x"),
            Entry::file("link/.wh.canary", ""),
            Entry::file("link/.wh..wh..opq", ""),
            Entry::device(EntryType::Fifo, "link/new", 0, 0),
            Entry::file("link/dir/new/x", "dead"),
            Entry::hard_link("stolen", "link/canary"),
            Entry::hard_link("link/new", "dir/x"),
        ] {
            let archive = [
                Entry::dir("dir"),
                Entry::file("dir/x", ""),
                Entry::symlink("link", target),
                through.clone(),
            ];
            let error = refused(Archive::of(archive)).await;
            assert!(
                error.contains("symbolic link") || error.contains("points to"),
                "{target} {through:?}: {error}"
            );
        }
    }
    // A chain of links that are harmless one by one.
    let chain = [
        Entry::symlink("a", "b"),
        Entry::symlink("b", "c"),
        Entry::symlink("c", outside),
        Entry::file("a/canary", "dead"),
    ];
    refused(Archive::of(chain)).await;
    refused(Archive::of([
        Entry::symlink("a", "b"),
        Entry::symlink("b", "a"),
        Entry::file("a/x", "dead"),
    ]))
    .await;
    refused(Archive::of([
        Entry::symlink("a", "nothing"),
        Entry::file("a/x", "dead"),
    ]))
    .await;
    yard.assert_untouched();
}

/// The attributes of a link would reach what it points to, if they were set by its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_does_not_pass_its_attributes_on() {
    let yard = Yard::new();
    let canary = yard.path("outside/canary");
    let canary = canary.to_str().unwrap();
    let archive = Archive::of([
        Entry::symlink("a", canary).mode(0o4777).xattr("user.x", b"1"),
        Entry::dir("d"),
        Entry::symlink("d", canary),
        Entry::symlink("f", canary),
        Entry::file("f", "mine"),
        Entry::symlink("g", canary),
        Entry::hard_link("h", "g"),
        Entry::file("h", "mine"),
    ]);
    let layer = yard.pull(archive.bytes(), impatient()).await.unwrap();
    yard.assert_untouched();
    assert_eq!(std::fs::read_to_string(layer.join("f")).unwrap(), "mine");
    assert_eq!(xattr::get(yard.path("outside/canary"), "user.x").unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn hard_links_that_lead_out() {
    let yard = Yard::new();
    let outside = yard.path("outside/canary");
    for target in [
        outside.to_str().unwrap(),
        "../../../canary",
        "../canary",
        "/etc/passwd",
        "nothing",
        "",
        ".",
        "dir",
    ] {
        refused(Archive::of([Entry::dir("dir"), Entry::hard_link("x", target)])).await;
    }
    yard.assert_untouched();
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_that_lead_out() {
    for name in [
        ".wh.",
        ".wh..",
        ".wh...",
        "a/.wh...",
        "../.wh.canary",
        "a/../../.wh.canary",
    ] {
        refused(Archive::of([Entry::dir("a"), Entry::file(name, "")])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_used_as_a_directory_and_a_root_that_is_none() {
    refused(Archive::of([Entry::file("a", ""), Entry::file("a/b", "")])).await;
    refused(Archive::of([Entry::symlink("./", "/etc")])).await;
    refused(Archive::of([Entry::file(".", "")])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_owners_and_targets() {
    refused(Archive::of([Entry::file("a", "").owner(1 << 40, 0)])).await;
    refused(Archive::of([Entry::file("a", "").owner(0, u64::from(u32::MAX))])).await;
    refused(Archive::of([Entry::symlink("a", "")])).await;
    refused(Archive::of([Entry::symlink("a", "x".repeat(5000))])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_this_machine_should_hold() {
    let few = |limits: Limits| StoreOptions { limits, ..impatient() };
    let limits = Limits::default();
    let entries = few(Limits {
        entries: 100,
        ..limits.clone()
    });
    refused_with(
        Archive::of((0..101).map(|i| Entry::file(format!("{i}"), ""))).bytes(),
        entries,
    )
    .await;
    let bytes = few(Limits {
        layer_bytes: 1 << 20,
        ..limits.clone()
    });
    refused_with(
        Archive::of([Entry::file("bomb", vec![0; 2 << 20])]).bytes(),
        bytes.clone(),
    )
    .await;
    // What follows the end of the archive counts too: it is hashed, so it is unpacked.
    let mut padded = Archive::of([Entry::file("a", "")]).bytes();
    padded.resize(3 << 20, 0);
    refused_with(padded, bytes.clone()).await;
    // A size without the data.
    for size in [1u64 << 40, u64::MAX / 2, u64::MAX] {
        let mut header = tar::Header::new_gnu();
        header.set_path("huge").unwrap();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(size);
        refused(Archive::default().raw(header, b"")).await;
    }
    // A sparse file of many gigabytes, stored in a few bytes, many times.
    let records = [
        ("GNU.sparse.major", "0"),
        ("GNU.sparse.realsize", "9000000000000000000"),
        ("GNU.sparse.map", "0,1"),
    ];
    let records: Vec<_> = records
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
        .collect();
    refused(Archive::default().pax(&records).add(Entry::file("sparse", "x"))).await;
    // A name, or an attribute, that would fill the memory.
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let long = Entry {
            data: vec![b'x'; 2 << 20],
            ..Entry::new(kind, "x")
        };
        refused(Archive::of([long, Entry::file("a", "")])).await;
    }
    let layers = (0..300u32).fold(ImageBuilder::new(), |image, i| image.layer(i.to_string().into_bytes()));
    let yard = Yard::new();
    let reference = layers.build().write_layout(&yard.path("layout"), "1");
    let error = pull(&store(&yard.path("store")).await, &reference).await.unwrap_err();
    assert_eq!(error.code(), "image-unsafe", "{error}");
}

/// Not hostile, only broken: refused in other words.
#[tokio::test(flavor = "multi_thread")]
async fn broken_archives_are_invalid() {
    let good = Archive::of([Entry::file("a", vec![7; 3000])]).bytes();
    let mut checksum = good.clone();
    checksum[0] = b'b';
    let mut number = good.clone();
    number[100..107].copy_from_slice(b"zzzzzzz");
    for data in [
        &checksum[..],
        &number,
        &good[..700],
        &good[..2000],
        b"no archive at all",
        &gzip(b"twice")[..],
    ] {
        let yard = Yard::new();
        let error = yard.pull(data.to_vec(), impatient()).await.unwrap_err();
        assert_eq!(error.code(), "image-invalid", "{error}");
        temp_becomes_empty(&yard.path("store")).await;
    }
    // The compressed form may be broken too, with a digest that is right.
    let yard = Yard::new();
    let mut half = gzip(&good);
    half.truncate(half.len() / 2);
    let built = ImageBuilder::new()
        .layer_as(half, support::images::Compression::None)
        .build();
    let error = pull(
        &store(&yard.path("store")).await,
        &built.write_layout(&yard.path("layout"), "1"),
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), "image-invalid", "{error}");
}

/// A few names that meet often, honest and not.
fn name(outside: String) -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[abc]", 2 => Just("..".to_owned()), 1 => Just(".".to_owned()), 1 => Just(".wh.a".to_owned()),
        1 => Just(".wh..wh..opq".to_owned()), 1 => Just(".wh...".to_owned()), 1 => Just("outside".to_owned()), 1 => Just("canary".to_owned()),
    ];
    prop_oneof![
        8 => proptest::collection::vec(part.clone(), 1..5).prop_map(|parts| parts.join("/")),
        1 => proptest::collection::vec(part, 0..3).prop_map(move |parts| format!("{outside}/{}", parts.join("/"))),
    ]
}

fn entry(outside: String) -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        4 => Just(EntryType::Regular), 3 => Just(EntryType::Directory), 5 => Just(EntryType::Symlink), 3 => Just(EntryType::Link),
        1 => Just(EntryType::Fifo), 1 => Just(EntryType::Char), 1 => Just(EntryType::Block), 1 => Just(EntryType::GNUSparse),
    ];
    (kind, name(outside.clone()), name(outside), 0u32..0o10000, 0usize..700).prop_map(
        |(kind, path, link, mode, size)| {
            let data = if matches!(kind, EntryType::Regular | EntryType::GNUSparse) {
                vec![b'x'; size]
            } else {
                Vec::new()
            };
            Entry {
                link: link.into_bytes(),
                mode,
                data,
                ..Entry::new(kind, path)
            }
        },
    )
}

/// Whatever an archive holds, it touches nothing but its own directory. Most archives are refused at some entry; what
/// was written until then counts as well.
#[test]
fn no_archive_touches_what_is_outside() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let yard = Yard::new();
    let outside = yard.path("outside").to_str().unwrap().to_owned();
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let strategy = (
        proptest::collection::vec(entry(outside), 1..12),
        any::<Option<(u16, u8)>>(),
    );
    runner
        .run(&strategy, |(entries, damage)| {
            let mut archive = Archive::of(entries).bytes();
            if let Some((position, value)) = damage {
                let position = usize::from(position) % archive.len();
                archive[position] = value;
            }
            let result = runtime.block_on(yard.pull(archive, impatient()));
            if let Err(error) = &result {
                prop_assert!(matches!(error.code(), "image-unsafe" | "image-invalid"), "{error}");
            }
            yard.assert_untouched();
            let _ = std::fs::remove_dir_all(yard.path("store"));
            Ok(())
        })
        .unwrap();
}
