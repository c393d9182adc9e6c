//! Transfers that break, lie, stall, are shared or cancelled; disks that fill up.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use sidecar_image::{ImageStore, StoreOptions};
use support::archive::{Archive, Entry};
use support::faulty::{Fault, Faulty};
use support::images::{Built, ImageBuilder, noise};
use support::registry::{Access, Storage};
use support::{becomes_empty, contents, impatient, namespaces, pull, store, temp_becomes_empty};

/// Two layers of about one MiB that do not compress.
fn image() -> Built {
    ImageBuilder::new()
        .layer(Archive::of([Entry::file("a", noise(1 << 20, 1))]).bytes())
        .layer(Archive::of([Entry::file("b", noise(1 << 20, 2))]).bytes())
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_registrys_storage_is_seen() {
    let storage = Storage::new();
    let built = image();
    storage.push(&built, "app", "1").await;
    // A registry of its own for each case: it remembers what it checked.
    let file = storage.blob(&built.layers[1]);
    let good = std::fs::read(&file).unwrap();
    let mut flipped = good.clone();
    flipped[500_000] ^= 1;
    let mut longer = good.clone();
    longer.extend_from_slice(b"more");
    for (data, code) in [
        (&flipped[..], "image-digest-mismatch"),
        (&good[..good.len() / 2], "image-truncated"),
        (&longer[..], "image-digest-mismatch"),
        (&b""[..], "image-truncated"),
    ] {
        std::fs::write(&file, data).unwrap();
        let registry = storage.serve(Access::Open);
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path()).await;
        let error = pull(&store, &registry.reference("app:1")).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains("layer 2 of 2"), "{error}");
        assert!(store.list().await.unwrap().is_empty());
    }
    let config = built
        .blobs
        .keys()
        .find(|d| !built.layers.contains(d) && !built.manifests.contains(d))
        .unwrap();
    std::fs::write(&file, &good).unwrap();
    let data = std::fs::read(storage.blob(config)).unwrap();
    std::fs::write(
        storage.blob(config),
        String::from_utf8(data).unwrap().replace("linux", "Linux"),
    )
    .unwrap();
    let registry = storage.serve(Access::Open);
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &registry.reference("app:1"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "image-digest-mismatch", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_a_layout_is_seen() {
    let built = image();
    for (change, code) in [
        (
            &(|data: &mut Vec<u8>| data[9000] ^= 0x40) as &dyn Fn(&mut Vec<u8>),
            "image-digest-mismatch",
        ),
        (&|data| data.truncate(9000), "image-truncated"),
        (&|data| data.push(0), "image-digest-mismatch"),
    ] {
        let layout = tempfile::tempdir().unwrap();
        let reference = built.write_layout(layout.path(), "1");
        let path = built.blob_path(layout.path(), &built.layers[0]);
        let mut data = std::fs::read(&path).unwrap();
        change(&mut data);
        std::fs::write(&path, data).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let error = pull(&store(dir.path()).await, &reference).await.unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unpacked_layer_must_be_what_the_config_says() {
    let layout = tempfile::tempdir().unwrap();
    let built = ImageBuilder::new()
        .layer(Archive::of([Entry::file("a", "x")]).bytes())
        .diff_ids(vec![format!("sha256:{:064x}", 1)])
        .build();
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &built.write_layout(layout.path(), "1"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "image-digest-mismatch", "{error}");
    assert_eq!(contents(dir.path()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_manifest_is_seen() {
    let registry = Faulty::start(image(), Fault::ForgedManifest).await;
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &registry.reference()).await.unwrap_err();
    assert_eq!(error.code(), "image-digest-mismatch", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_is_cut_goes_on_where_it_was() {
    for (fault, requests) in [
        (Fault::Cut { after: 300_000 }, 4),
        (Fault::CutOnceNoRanges { after: 300_000 }, 2),
    ] {
        let built = image();
        let registry = Faulty::start(built.clone(), fault).await;
        let dir = tempfile::tempdir().unwrap();
        let image = pull(&store(dir.path()).await, &registry.reference()).await.unwrap();
        assert_eq!(std::fs::read(image.layers[0].join("b")).unwrap(), noise(1 << 20, 2));
        assert!(registry.requests(&built.layers[0]) >= requests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_that_never_gets_on_is_truncated() {
    let registry = Faulty::start(image(), Fault::Cut { after: 0 }).await;
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &registry.reference()).await.unwrap_err();
    assert_eq!(error.code(), "image-truncated", "{error}");
    becomes_empty(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_stalls_is_given_up_with_a_reason() {
    let registry = Faulty::start(image(), Fault::Gate).await;
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &registry.reference()).await.unwrap_err();
    assert_eq!(error.code(), "registry-unreachable");
    assert!(error.to_string().contains("stopped sending"), "{error}");
    becomes_empty(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_never_answers_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let reference = format!("{}/app:1", listener.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let error = pull(&store(dir.path()).await, &reference).await.unwrap_err();
    assert_eq!(error.code(), "registry-unreachable", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_of_the_registry_is_waited_out_and_lasting_trouble_told() {
    for (code, times, expected) in [
        (503, 1, Ok(())),
        (429, 1, Ok(())),
        (500, 99, Err("registry-failed")),
        (429, 99, Err("registry-failed")),
    ] {
        let registry = Faulty::start(image(), Fault::Status { code, times }).await;
        let dir = tempfile::tempdir().unwrap();
        let result = pull(&store(dir.path()).await, &registry.reference()).await;
        assert_eq!(result.map(|_| ()).map_err(|e| e.code()), expected, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pulls_share_the_work_on_a_layer() {
    let built = image();
    let registry = Faulty::start(built.clone(), Fault::Gate).await;
    let dir = tempfile::tempdir().unwrap();
    let store = ImageStore::open_with(
        dir.path(),
        StoreOptions {
            stall_timeout: Duration::from_secs(20),
            ..impatient()
        },
    )
    .await
    .unwrap();
    let reference = registry.reference();
    let (first, second, ()) = tokio::join!(pull(&store, &reference), pull(&store, &reference), async {
        // Both have read the manifest, so both wait for the layers, which wait for the gate.
        while registry.requests(&built.top) < 2 || registry.requests(&built.layers[1]) < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        registry.open_gate();
    });
    assert_eq!(first.unwrap().layers, second.unwrap().layers);
    for layer in &built.layers {
        assert_eq!(registry.requests(layer), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_goes_on_for_the_other_pull_when_one_is_cancelled() {
    let built = image();
    let registry = Faulty::start(built.clone(), Fault::Gate).await;
    let dir = tempfile::tempdir().unwrap();
    let store = ImageStore::open_with(
        dir.path(),
        StoreOptions {
            stall_timeout: Duration::from_secs(20),
            ..impatient()
        },
    )
    .await
    .unwrap();
    let reference = registry.reference();
    let spawn = || {
        let (store, reference) = (store.clone(), reference.clone());
        tokio::spawn(async move { pull(&store, &reference).await })
    };
    let (first, second) = (spawn(), spawn());
    while registry.requests(&built.top) < 2
        || registry.requests(&built.layers[0]) + registry.requests(&built.layers[1]) < 2
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    registry.open_gate();
    assert_eq!(second.await.unwrap().unwrap().layers.len(), 2);
    for layer in &built.layers {
        assert!(registry.requests(layer) <= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_pull_leaves_nothing() {
    let built = image();
    let registry = Faulty::start(built.clone(), Fault::Gate).await;
    let dir = tempfile::tempdir().unwrap();
    let store = ImageStore::open_with(
        dir.path(),
        StoreOptions {
            stall_timeout: Duration::from_secs(20),
            ..impatient()
        },
    )
    .await
    .unwrap();
    let reference = registry.reference();
    {
        let mut pulling = std::pin::pin!(pull(&store, &reference));
        while contents(dir.path()).len() < 2 {
            tokio::select! {
                ended = &mut pulling => panic!("{ended:?}"),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }
    becomes_empty(dir.path()).await;
    assert!(store.get(&reference).await.unwrap().is_none());
    // And the same store can pull it then.
    registry.open_gate();
    pull(&store, &reference).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_removed_and_what_a_living_one_holds_is_not() {
    let built = image();
    let registry = Faulty::start(built.clone(), Fault::Gate).await;
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path()).await);
    for (path, content) in [
        ("tmp/1-1/layer/a", "x"),
        ("layers/0123456789abcdef/a", "x"),
        ("layers/fedcba9876543210.json", "{}"),
        ("layers/1.new-2", "{"),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let store = ImageStore::open_with(
        dir.path(),
        StoreOptions {
            stall_timeout: Duration::from_secs(20),
            ..impatient()
        },
    )
    .await
    .unwrap();
    assert_eq!(contents(dir.path()), [""; 0]);
    let reference = registry.reference();
    let pulling = tokio::spawn({
        let (store, reference) = (store.clone(), reference.clone());
        async move { pull(&store, &reference).await }
    });
    while registry.requests(&built.layers[0]) + registry.requests(&built.layers[1]) < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Another process opens the same store meanwhile.
    support::store(dir.path()).await;
    registry.open_gate();
    pulling.await.unwrap().unwrap();
    assert!(
        ImageStore::open(dir.path())
            .await
            .unwrap()
            .get(&reference)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_layers_are_written_through_in_the_background() {
    let layout = tempfile::tempdir().unwrap();
    let reference = image().write_layout(layout.path(), "1");
    let dir = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        write_through: true,
        ..impatient()
    };
    let store = ImageStore::open_with(dir.path(), options).await.unwrap();
    let image = pull(&store, &reference).await.unwrap();
    for layer in &image.layers {
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while std::fs::read_to_string(layer.with_extension("json"))
            .unwrap()
            .contains("unsynced_in")
        {
            assert!(std::time::Instant::now() < deadline, "never written through");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_that_was_not_on_the_disk_before_a_power_cut_is_fetched_again() {
    let layout = tempfile::tempdir().unwrap();
    let reference = image().write_layout(layout.path(), "1");
    let dir = tempfile::tempdir().unwrap();
    let image = pull(&store(dir.path()).await, &reference).await.unwrap();
    // As it would look after a restart of the machine, had the disk not been reached in time.
    let record = image.layers[0].with_extension("json");
    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    value["unsynced_in"] = "another boot".into();
    std::fs::write(&record, value.to_string()).unwrap();
    let store = store(dir.path()).await;
    assert!(store.get(&reference).await.unwrap().is_none());
    assert!(!image.layers[0].exists());
    pull(&store, &reference).await.unwrap();
    assert!(image.layers[0].join("b").exists());
}

/// On a small file system of its own.
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    if namespaces::outside(
        "a_full_disk_is_told_and_leaves_nothing",
        namespaces::mount_options(),
        &[],
    ) {
        return;
    }
    let layout = tempfile::tempdir().unwrap();
    let reference = image().write_layout(layout.path(), "1");
    let dir = tempfile::tempdir().unwrap();
    mount(
        Some("tmpfs"),
        dir.path(),
        Some("tmpfs"),
        MsFlags::empty(),
        Some("size=1500k"),
    )
    .unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let error = pull(&store(dir.path()).await, &reference).await.unwrap_err();
        assert_eq!(error.code(), "disk-full", "{error}");
        assert!(error.to_string().contains(dir.path().to_str().unwrap()), "{error}");
        // The layer that fitted may stay for the next attempt; nothing half-done does.
        temp_becomes_empty(dir.path()).await;
        assert!(
            ImageStore::open(dir.path())
                .await
                .unwrap()
                .list()
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_enter_the_store() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    store(dir.path()).await;
    assert_eq!(
        std::fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777,
        0o700
    );
}
