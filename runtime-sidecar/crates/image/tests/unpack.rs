//! What honest layers may hold, seen through the mounted root file system.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use sidecar_image::{Image, ImageStore};
use support::archive::{Archive, Entry};
use support::images::ImageBuilder;
use support::namespaces::{in_rootfs, mount_options, outside};
use support::{pull, store};
use tar::EntryType;

/// Owned by whoever unpacks: root, or root of a user namespace.
async fn unpack(layers: impl IntoIterator<Item = Vec<u8>>) -> (tempfile::TempDir, Image) {
    let layout = tempfile::tempdir().unwrap();
    let image = layers
        .into_iter()
        .fold(ImageBuilder::new(), ImageBuilder::layer)
        .build();
    let dir = tempfile::tempdir().unwrap();
    let reference = image.write_layout(layout.path(), "1");
    let image = pull(&store(dir.path()).await, &reference).await.unwrap();
    (dir, image)
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Owners other than one's own need root.
fn owner(id: u64) -> u64 {
    if is_root() {
        id
    } else {
        u64::from(nix::unistd::geteuid().as_raw())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_hide_what_is_below_and_only_that() {
    let below = Archive::of([
        Entry::dir("dir"),
        Entry::file("dir/gone", "1"),
        Entry::file("dir/kept", "1"),
        Entry::dir("opaque"),
        Entry::file("opaque/old", "1"),
        Entry::dir("replaced"),
        Entry::file("replaced/old", "1"),
        Entry::file("file", "1"),
        Entry::dir("tree"),
        Entry::dir("tree/sub"),
        Entry::file("tree/sub/x", "1"),
        Entry::dir("implied"),
        Entry::file("implied/old", "1"),
    ]);
    let above = Archive::of([
        Entry::file("dir/.wh.gone", ""),
        Entry::file("dir/.wh.never-was", ""),
        // An opaque directory, marked before and after what this layer puts there.
        Entry::dir("opaque"),
        Entry::file("opaque/new1", "2"),
        Entry::file("opaque/.wh..wh..opq", ""),
        Entry::file("opaque/new2", "2"),
        // Deleted and made anew by the same layer, in both orders.
        Entry::file(".wh.replaced", ""),
        Entry::dir("replaced"),
        Entry::file("replaced/new", "2"),
        Entry::file("file", "2"),
        Entry::file(".wh.file", ""),
        Entry::file(".wh.tree", ""),
        Entry::file(".wh.implied", ""),
        Entry::file("implied/new", "2"),
        Entry::file(".wh..wh.plnk/1", ""),
        Entry::file(".wh..wh.aufs", ""),
    ]);
    let (_dir, image) = unpack([below.bytes(), above.bytes()]).await;
    let shown = in_rootfs(&image.layers, "find . ! -name . -print | sort; cat file");
    assert_eq!(
        shown,
        "./dir\n./dir/kept\n./file\n./implied\n./implied/new\n./opaque\n./opaque/new1\n./opaque/new2\n./replaced\n./replaced/new\n2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_modes_owners_and_times_are_kept() {
    let archive = Archive::of([
        Entry::dir("./").mode(0o750),
        Entry::dir("bin").mode(0o1777).owner(owner(7), owner(8)),
        Entry::file("bin/su", "setuid").mode(0o6755).owner(owner(1), owner(2)),
        Entry::hard_link("bin/su2", "./bin/su"),
        Entry::hard_link("su3", "/bin/su"),
        Entry::symlink("bin/relative", "../etc/x"),
        Entry::symlink("bin/absolute", "/etc/passwd").owner(owner(5), owner(6)),
        Entry::hard_link("link-to-link", "bin/absolute"),
        Entry::device(EntryType::Fifo, "pipe", 0, 0).mode(0o640),
        Entry::dir("closed").mode(0o000),
        Entry::file("closed/inside", "x").mode(0o400),
        Entry::file("deep/without/entries/of/its/own", "x"),
    ]);
    let (_dir, image) = unpack([archive.bytes()]).await;
    let root = &image.layers[0];
    let stat = |name: &str| std::fs::symlink_metadata(root.join(name)).unwrap();
    assert_eq!(stat("").mode() & 0o7777, 0o750);
    assert_eq!(
        (
            stat("bin").mode() & 0o7777,
            u64::from(stat("bin").uid()),
            stat("bin").mtime()
        ),
        (0o1777, owner(7), 1_600_000_000)
    );
    let su = stat("bin/su");
    assert_eq!(
        (su.mode() & 0o7777, u64::from(su.uid()), u64::from(su.gid()), su.nlink()),
        (0o6755, owner(1), owner(2), 3)
    );
    assert_eq!((stat("bin/su2").ino(), stat("su3").ino()), (su.ino(), su.ino()));
    assert_eq!(
        std::fs::read_link(root.join("bin/relative")).unwrap().to_str(),
        Some("../etc/x")
    );
    assert_eq!(
        (u64::from(stat("bin/absolute").uid()), stat("bin/absolute").mtime()),
        (owner(5), 1_600_000_000)
    );
    assert!(stat("link-to-link").is_symlink());
    assert!(stat("pipe").file_type().is_fifo());
    assert_eq!(stat("pipe").mode() & 0o7777, 0o640);
    assert_eq!(
        (stat("closed").mode() & 0o7777, stat("closed").mtime()),
        (0, 1_600_000_000)
    );
    assert_eq!(stat("deep/without/entries").mode() & 0o7777, 0o755);
    // The store must be removable by its owner.
    std::fs::set_permissions(root.join("closed"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_attributes_and_sparse_files() {
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(250));
    let target = "t".repeat(300);
    let capability: &[u8] = &[1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let pax_name = format!("pax/{}", "ü".repeat(100));
    let mut sparse = tar::Header::new_gnu();
    sparse.set_entry_type(EntryType::GNUSparse);
    sparse.set_path("sparse-gnu").unwrap();
    sparse.set_size(4);
    sparse.set_mode(0o644);
    let gnu = sparse.as_gnu_mut().unwrap();
    gnu.set_real_size(1 << 30);
    gnu.sparse[0].set_offset((1 << 30) - 4);
    gnu.sparse[0].set_length(4);
    sparse.set_uid(owner(0));
    sparse.set_gid(owner(0));
    let records = |list: &[(&str, &str)]| {
        list.iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect::<Vec<_>>()
    };
    let mut map = b"1\n1048576\n3\n".to_vec();
    map.resize(512, 0);
    map.extend_from_slice(b"end");
    let archive = Archive::of([
        Entry::file(&long, "long").owner(owner(0), owner(0)),
        Entry::symlink("link", &target),
        Entry::file("ping", "x")
            .mode(0o755)
            .xattr("security.capability", capability)
            .xattr("user.note", b"a\nb=c")
            .xattr("user.overlay.opaque", b"y")
            .xattr("trusted.overlay.redirect", b"/x"),
        Entry::dir("dir")
            .xattr("user.dir", b"1")
            .xattr("user.overlay.opaque", b"y"),
    ])
    .pax(&records(&[
        ("path", &pax_name),
        ("mtime", "1700000000.5"),
        ("comment", "none"),
    ]))
    .add(Entry::file("short", "pax"))
    .raw(sparse, b"tail")
    .pax(&records(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "sparse-pax"),
        ("GNU.sparse.realsize", "2097152"),
    ]))
    .add(Entry::file("GNUSparseFile.0/sparse-pax", map));
    let (_dir, image) = unpack([archive.bytes()]).await;
    let root = &image.layers[0];
    assert_eq!(std::fs::read_to_string(root.join(&long)).unwrap(), "long");
    assert_eq!(
        std::fs::read_link(root.join("link")).unwrap().to_str(),
        Some(target.as_str())
    );
    let get = |name: &str, key: &str| xattr::get(root.join(name), key).unwrap();
    assert_eq!(get("ping", "user.note").as_deref(), Some(&b"a\nb=c"[..]));
    assert_eq!(get("dir", "user.dir").as_deref(), Some(&b"1"[..]));
    for (name, key) in [
        ("ping", "user.overlay.opaque"),
        ("dir", "user.overlay.opaque"),
        ("ping", "trusted.overlay.redirect"),
    ] {
        assert_eq!(get(name, key), None);
    }
    if is_root() {
        assert_eq!(get("ping", "security.capability").as_deref(), Some(capability));
    }
    let pax = std::fs::metadata(root.join(&pax_name)).unwrap();
    assert_eq!(
        (pax.len(), pax.mtime(), pax.mtime_nsec()),
        (3, 1_700_000_000, 500_000_000)
    );
    for (name, size, tail) in [
        ("sparse-gnu", 1u64 << 30, &b"tail"[..]),
        ("sparse-pax", 2 << 20, b"\0\0\0\0"),
    ] {
        let meta = std::fs::metadata(root.join(name)).unwrap();
        assert_eq!(meta.len(), size, "{name}");
        assert!(meta.blocks() < 64, "{name} takes {} blocks", meta.blocks());
        let mut end = [0; 4];
        use std::os::unix::fs::FileExt as _;
        std::fs::File::open(root.join(name))
            .unwrap()
            .read_exact_at(&mut end, size - 4)
            .unwrap();
        assert_eq!(end, tail, "{name}");
    }
    let mut middle = [0; 3];
    use std::os::unix::fs::FileExt as _;
    std::fs::File::open(root.join("sparse-pax"))
        .unwrap()
        .read_exact_at(&mut middle, 1 << 20)
        .unwrap();
    assert_eq!(&middle, b"end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_entry_wins_over_an_earlier_one() {
    let archive = Archive::of([
        Entry::file("a", "old"),
        Entry::hard_link("b", "a"),
        Entry::file("a", "new"),
        Entry::dir("d"),
        Entry::file("d/x", "1"),
        Entry::file("d", "a file now"),
        Entry::symlink("s", "/nowhere"),
        Entry::dir("s"),
        Entry::file("s/x", "1"),
        Entry::hard_link("b", "b"),
    ]);
    let (_dir, image) = unpack([archive.bytes()]).await;
    let read = |name: &str| std::fs::read_to_string(image.layers[0].join(name)).unwrap();
    assert_eq!(
        (read("a"), read("b"), read("d"), read("s/x")),
        ("new".into(), "old".into(), "a file now".into(), "1".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_inside_the_layer_may_be_followed_to_directories() {
    let archive = Archive::of([
        Entry::dir("usr"),
        Entry::dir("usr/lib"),
        Entry::symlink("lib", "usr/lib"),
        Entry::file("lib/libc.so", "x"),
        Entry::dir("var"),
        Entry::symlink("var/up", "../usr"),
        Entry::file("var/up/share", "y"),
    ]);
    let (_dir, image) = unpack([archive.bytes()]).await;
    let root = &image.layers[0];
    assert_eq!(std::fs::read_to_string(root.join("usr/lib/libc.so")).unwrap(), "x");
    assert_eq!(std::fs::read_to_string(root.join("usr/share")).unwrap(), "y");
    assert!(root.join("lib").is_symlink());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_occurs_twice_is_stacked_once() {
    let twice = Archive::of([Entry::file("x", "twice")]).bytes();
    let between = Archive::of([Entry::file("x", "between"), Entry::file("y", "y")]).bytes();
    let empty = Archive::default().bytes();
    let (_dir, image) = unpack([empty.clone(), twice.clone(), between, empty, twice]).await;
    assert_eq!(image.layers.len(), 3);
    assert_eq!(in_rootfs(&image.layers, "cat x y; ls"), "twicey".to_owned() + "x\ny\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_a_header_leaves_out_are_zero() {
    let mut archive = Archive::default();
    for (name, blank) in [("nul", 0), ("space", b' ')] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(EntryType::Directory);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_mode(0o755);
        let old = header.as_old_mut();
        let owner: [&mut [u8]; 2] = [&mut old.uid, &mut old.gid];
        for number in owner {
            number.fill(blank);
        }
        old.size.fill(blank);
        old.mtime.fill(blank);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.dev_major.fill(blank);
        gnu.dev_minor.fill(blank);
        archive = archive.raw(header, b"");
    }
    let (_dir, image) = unpack([archive.bytes()]).await;
    for name in ["nul", "space"] {
        let meta = std::fs::metadata(image.layers[0].join(name)).unwrap();
        assert!(meta.is_dir(), "{name}");
        assert_eq!((meta.uid(), meta.gid(), meta.mtime()), (0, 0, 0), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_devices_that_every_container_has_are_made() {
    let archive = Archive::of([
        Entry::device(EntryType::Char, "null", 1, 3),
        Entry::device(EntryType::Block, "sda", 8, 0),
        Entry::device(EntryType::Char, "mem", 1, 1),
        Entry::device(EntryType::Char, "hidden", 0, 0),
        Entry::file("after", ""),
    ]);
    let (_dir, image) = unpack([archive.bytes()]).await;
    let root = &image.layers[0];
    for name in ["sda", "mem", "hidden"] {
        assert!(std::fs::symlink_metadata(root.join(name)).is_err(), "{name}");
    }
    assert!(root.join("after").exists());
    match std::fs::symlink_metadata(root.join("null")) {
        Ok(meta) => assert_eq!(
            (meta.rdev(), meta.mode() & 0o777),
            (nix::sys::stat::makedev(1, 3), 0o666)
        ),
        // Ordinary users cannot make it, and need not.
        Err(_) => assert!(!is_root()),
    }
}

/// In a user namespace that maps one id only, as an ordinary user without subordinate ids has it.
#[test]
fn rootless_layers_work_and_say_which_id_is_not_mapped() {
    if outside(
        "rootless_layers_work_and_say_which_id_is_not_mapped",
        &["--user", "--map-root-user", "--mount"],
        &[],
    ) {
        return;
    }
    assert_eq!(mount_options(), ["--mount"]);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let below = Archive::of([Entry::dir("d"), Entry::file("d/old", "1"), Entry::file("gone", "1")]);
        let above = Archive::of([
            Entry::file(".wh.gone", ""),
            Entry::dir("d"),
            Entry::file("d/.wh..wh..opq", ""),
            Entry::file("d/new", "2"),
            Entry::device(EntryType::Char, "null", 1, 3),
        ]);
        let (dir, image) = unpack([below.bytes(), above.bytes()]).await;
        assert_eq!(
            ImageStore::open(dir.path())
                .await
                .unwrap()
                .overlay_xattrs()
                .mount_option(),
            Some("userxattr")
        );
        assert_eq!(in_rootfs(&image.layers, "find . ! -name . | sort"), "./d\n./d/new\n");

        let layout = tempfile::tempdir().unwrap();
        let foreign = Archive::of([Entry::file("srv/data", "x").owner(1000, 1001)]);
        let reference = ImageBuilder::new()
            .layer(foreign.bytes())
            .build()
            .write_layout(layout.path(), "1");
        let error = pull(&store(dir.path()).await, &reference).await.unwrap_err();
        assert_eq!(error.code(), "image-unmapped-id");
        for part in ["srv/data", "user 1000 and group 1001", "--add-subuids"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    });
}

/// A store is for root or for rootless mode, because the layers are mounted differently.
#[test]
fn a_store_of_the_other_mode_is_refused() {
    let dir = std::env::var_os("TEST_STORE").map(std::path::PathBuf::from);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match dir {
        Some(dir) => {
            let error = runtime
                .block_on(ImageStore::open(&dir))
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default();
            // For an ordinary user both are rootless mode.
            let other_mode = std::env::var("TEST_OWNER").unwrap() == "root";
            assert_eq!(error.contains("Use another data directory"), other_mode, "{error}");
        }
        None => {
            let dir = tempfile::tempdir().unwrap();
            runtime.block_on(store(dir.path()));
            let path = dir.path().to_str().unwrap();
            let owner = if is_root() { "root" } else { "user" };
            outside(
                "a_store_of_the_other_mode_is_refused",
                &["--user", "--map-root-user"],
                &[("TEST_STORE", path), ("TEST_OWNER", owner)],
            );
        }
    }
}
