//! Pulls from real registries and from layouts.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::json;
use sidecar_image::{Credentials, ImageStore, PullPhase, PullPolicy};
use support::archive::{Archive, Entry};
use support::faulty::{Fault, Faulty};
use support::images::{Built, Compression, Dialect, ImageBuilder, index, noise};
use support::registry::{Access, Storage, certificates};
use support::tokens;
use support::{namespaces, pull, pull_as, reports, store};

const BUSYBOX: &str = "/bin/busybox";

/// A runnable image of three layers, in a given dialect and compressions.
fn app(dialect: Dialect, compressions: [Compression; 3]) -> Built {
    let [a, b, c] = compressions;
    let busybox = std::fs::read(BUSYBOX).unwrap();
    ImageBuilder::new()
        .dialect(dialect)
        .layer_as(
            Archive::of([Entry::dir("./"), Entry::dir("bin/"), Entry::file("bin/busybox", busybox).mode(0o755)]).bytes(),
            a,
        )
        .layer_as(Archive::of([Entry::dir("etc/"), Entry::file("etc/motd", "old\n"), Entry::file("etc/gone", "")]).bytes(), b)
        .layer_as(Archive::of([Entry::file("etc/motd", "hello from the top\n"), Entry::file("etc/.wh.gone", "")]).bytes(), c)
        .config(json!({
            "Entrypoint": ["/bin/busybox"], "Cmd": ["cat", "/etc/motd"], "Env": ["A=b", "PATH=/bin"], "WorkingDir": "/etc",
            "User": "", "ExposedPorts": { "80/tcp": {} }, "Volumes": { "/data": {} }, "StopSignal": "SIGINT",
            "Labels": { "a.b": "c" },
        }))
        .build()
}

fn small(text: &str) -> Built {
    ImageBuilder::new()
        .layer(Archive::of([Entry::file("motd", text)]).bytes())
        .build()
}

fn motd(image: &sidecar_image::Image) -> String {
    std::fs::read_to_string(image.layers[0].join("motd")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_in_every_format_becomes_a_root_file_system() {
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    use Compression::{Gzip, None, Zstd};
    for (tag, dialect, compressions) in [
        ("oci", Dialect::Oci, [Gzip, Zstd, None]),
        ("docker", Dialect::Docker, [Gzip, Gzip, None]),
    ] {
        let built = app(dialect, compressions);
        registry.push(&built, "team/app", tag).await;
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path()).await;
        let reference = registry.reference(&format!("team/app:{tag}"));
        let image = pull(&store, &reference).await.unwrap();

        assert_eq!(image.reference, reference);
        assert_eq!(image.digest, built.top);
        assert_eq!(image.size_bytes, built.compressed_bytes());
        assert_eq!(image.config.entrypoint, [BUSYBOX]);
        assert_eq!(image.config.cmd, ["cat", "/etc/motd"]);
        assert_eq!(image.config.env, ["A=b", "PATH=/bin"]);
        assert_eq!(image.config.working_dir.as_deref(), Some("/etc"));
        assert_eq!(image.config.user, Option::None);
        assert_eq!(image.config.exposed_ports, ["80/tcp"]);
        assert_eq!(image.config.volumes, ["/data"]);
        assert_eq!(image.config.stop_signal.as_deref(), Some("SIGINT"));
        assert_eq!(image.config.labels["a.b"], "c");
        let shown = namespaces::in_rootfs(&image.layers, "ls etc; ./bin/busybox cat etc/motd");
        assert_eq!(shown, "motd\nhello from the top\n");
        assert_eq!(store.get(&reference).await.unwrap().unwrap().layers, image.layers);
        assert!(store.disk_bytes(&image).await.unwrap() > 500_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_goes_forward_and_ends_at_the_total() {
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    let built = ImageBuilder::new()
        .layer(Archive::of([Entry::file("a", noise(3 << 20, 1))]).bytes())
        .layer(Archive::of([Entry::file("b", noise(2 << 20, 2))]).bytes())
        .build();
    registry.push(&built, "app", "1").await;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let (seen, sink) = reports();
    store
        .pull(
            &registry.reference("app:1"),
            PullPolicy::IfNotPresent,
            Credentials::Anonymous,
            sink,
        )
        .await
        .unwrap();
    let seen = seen.lock().unwrap().clone();
    let total = built.compressed_bytes();
    assert_eq!(
        (seen[0].phase, seen[0].done_bytes, seen[0].total_bytes),
        (PullPhase::Resolving, 0, None)
    );
    let last = seen.last().unwrap();
    assert_eq!(
        (last.phase, last.done_bytes, last.total_bytes),
        (PullPhase::Done, total, Some(total))
    );
    assert!(
        seen.iter()
            .any(|p| p.phase == PullPhase::Fetching && p.total_bytes == Some(total))
    );
    assert!(seen.is_sorted_by_key(|p| p.done_bytes), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_decides_when_the_registry_is_asked() {
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    registry.push(&small("one"), "app", "1").await;
    let reference = registry.reference("app:1");
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let get = async |policy| pull_as(&store, &reference, policy, Credentials::Anonymous).await;

    assert_eq!(get(PullPolicy::Never).await.unwrap_err().code(), "image-not-present");
    assert_eq!(motd(&get(PullPolicy::IfNotPresent).await.unwrap()), "one");
    registry.push(&small("two"), "app", "1").await;
    assert_eq!(motd(&get(PullPolicy::IfNotPresent).await.unwrap()), "one");
    assert_eq!(motd(&get(PullPolicy::Never).await.unwrap()), "one");
    assert_eq!(motd(&get(PullPolicy::Newer).await.unwrap()), "two");
    registry.push(&small("three"), "app", "1").await;
    assert_eq!(motd(&get(PullPolicy::Always).await.unwrap()), "three");
    drop(registry);
    for policy in [PullPolicy::Newer, PullPolicy::IfNotPresent, PullPolicy::Never] {
        assert_eq!(motd(&get(policy).await.unwrap()), "three", "{policy:?}");
    }
    let error = get(PullPolicy::Always).await.unwrap_err();
    assert_eq!(error.code(), "registry-unreachable");
    assert!(error.to_string().contains("Is the registry running"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_asks_for_the_digest_only() {
    let built = small("one");
    let registry = Faulty::start(built.clone(), Fault::None).await;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    pull(&store, &registry.reference()).await.unwrap();
    let before = registry.all_requests();
    pull_as(&store, &registry.reference(), PullPolicy::Newer, Credentials::Anonymous)
        .await
        .unwrap();
    assert_eq!(registry.all_requests(), before + 1);
    pull_as(
        &store,
        &registry.reference(),
        PullPolicy::IfNotPresent,
        Credentials::Anonymous,
    )
    .await
    .unwrap();
    assert_eq!(registry.all_requests(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_of_this_machine_is_chosen() {
    let host = sidecar_image::Platform::host().architecture;
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    for (tag, dialect) in [("oci", Dialect::Oci), ("docker", Dialect::Docker)] {
        let image = |os: &str, arch: &str| {
            let layer = Archive::of([Entry::file("motd", format!("{os}/{arch}"))]).bytes();
            ImageBuilder::new()
                .dialect(dialect)
                .platform(os, arch)
                .layer(layer)
                .build()
        };
        let many = index(
            dialect,
            vec![
                ("linux", "s390x", image("linux", "s390x")),
                ("linux", &host, image("linux", &host)),
                ("windows", &host, image("windows", &host)),
            ],
        );
        registry.push(&many, "many", tag).await;
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path()).await;
        let image = pull(&store, &registry.reference(&format!("many:{tag}"))).await.unwrap();
        assert_eq!(motd(&image), format!("linux/{host}"));
        assert_ne!(image.digest, many.top);
        // By the digest of the index as well as by that of the manifest.
        for digest in [&many.top, &image.digest] {
            let reference = registry.reference(&format!("many@{digest}"));
            assert_eq!(store.get(&reference).await.unwrap().unwrap().digest, image.digest);
            assert_eq!(pull(&store, &reference).await.unwrap().digest, image.digest);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_for_other_platforms_says_which() {
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    let image = |os: &str, arch: &str| {
        ImageBuilder::new()
            .platform(os, arch)
            .layer(Archive::default().bytes())
            .build()
    };
    let many = index(
        Dialect::Oci,
        vec![
            ("linux", "s390x", image("linux", "s390x")),
            ("windows", "arm64", image("windows", "arm64")),
        ],
    );
    registry.push(&many, "many", "1").await;
    registry.push(&image("linux", "riscv64"), "one", "1").await;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    for (name, exists) in [("many:1", "linux/s390x, windows/arm64"), ("one:1", "linux/riscv64")] {
        let error = pull(&store, &registry.reference(name)).await.unwrap_err();
        assert_eq!(error.code(), "image-wrong-platform");
        assert!(error.to_string().contains(exists), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found() {
    let storage = Storage::new();
    let registry = storage.serve(Access::Open);
    registry.push(&small("one"), "app", "1").await;
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    for name in ["app:2", "nothing:1", &format!("app@sha256:{:064}", 0)] {
        let error = pull(&store, &registry.reference(name)).await.unwrap_err();
        assert_eq!(error.code(), "image-not-found", "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(support::contents(dir.path()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_authentication() {
    let storage = Storage::new();
    storage.push(&small("secret"), "app", "1").await;
    let registry = storage.serve(Access::Basic);
    logs_in(&registry.reference("app:1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn token_authentication() {
    let storage = Storage::new();
    storage.push(&small("secret"), "app", "1").await;
    let tokens = tokens::Server::start().await;
    let registry = storage.serve(Access::Token {
        realm: tokens.realm(),
        certificate: tokens.certificate(),
    });
    logs_in(&registry.reference("app:1")).await;
    assert!(
        tokens.scopes().iter().all(|scope| scope == "repository:app:pull"),
        "{:?}",
        tokens.scopes()
    );
}

/// The user `me` with the password `s3cret` may read the image, nobody else.
async fn logs_in(reference: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let basic = |username: &str, password: &str| Credentials::Basic {
        username: username.into(),
        password: password.into(),
    };
    for credentials in [
        Credentials::Anonymous,
        basic("me", "wrong"),
        Credentials::Bearer { token: "x.y.z".into() },
    ] {
        let error = pull_as(&store, reference, PullPolicy::Always, credentials.clone())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "image-needs-login", "{credentials:?}: {error}");
        assert!(error.to_string().contains("docker login localhost:"), "{error}");
    }
    let image = pull_as(&store, reference, PullPolicy::Always, basic("me", "s3cret"))
        .await
        .unwrap();
    assert_eq!(motd(&image), "secret");
}

/// Runs again in a process of its own, because the trusted authorities come from its environment.
#[test]
fn https_with_an_authority_of_our_own() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(reference) = std::env::var_os("TEST_REFERENCE") {
        let pulled = runtime.block_on(async { pull(&store(dir.path()).await, reference.to_str().unwrap()).await });
        match std::env::var("TEST_EXPECT").unwrap().as_str() {
            "ok" => assert_eq!(motd(&pulled.unwrap()), "over TLS"),
            _ => {
                let error = pulled.unwrap_err();
                assert_eq!(error.code(), "registry-unreachable");
                assert!(error.to_string().contains("SSL_CERT_FILE"), "{error}");
            }
        }
        return;
    }
    let (authority, certificate, key) = certificates(dir.path());
    let (other, ..) = certificates(tempfile::tempdir().unwrap().keep().as_path());
    let storage = Storage::new();
    runtime.block_on(storage.push(&small("over TLS"), "app", "1"));
    let registry = storage.serve(Access::Tls { certificate, key });
    let again = |authority: &Path, expect: &str| {
        namespaces::outside(
            "https_with_an_authority_of_our_own",
            &[],
            &[
                ("SSL_CERT_FILE", authority.to_str().unwrap()),
                ("TEST_REFERENCE", &registry.reference("app:1")),
                ("TEST_EXPECT", expect),
            ],
        );
    };
    again(&authority, "ok");
    again(&other, "refused");
    std::fs::remove_dir_all(other.parent().unwrap()).unwrap();
}

/// Runs again in a process of its own, because the authority, the login file and the helper come from its environment.
#[test]
fn a_helper_keeps_the_login_of_a_registry_over_tls() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(reference) = std::env::var_os("TEST_REFERENCE") {
        let pulled = runtime.block_on(async { pull(&store(dir.path()).await, reference.to_str().unwrap()).await });
        match std::env::var("TEST_EXPECT").unwrap().as_str() {
            "ok" => assert_eq!(motd(&pulled.unwrap()), "kept"),
            expected => {
                let error = pulled.unwrap_err();
                assert_eq!(error.code(), "image-needs-login", "{error}");
                assert!(error.to_string().contains(expected), "{error}");
            }
        }
        return;
    }
    let (authority, certificate, key) = certificates(dir.path());
    let storage = Storage::new();
    runtime.block_on(storage.push(&small("kept"), "app", "1"));
    let registry = storage.serve(Access::TlsBasic { certificate, key });
    let helper = dir.path().join("docker-credential-test");
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let again = |config: &str, script: &str, expect: &str| {
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        let script = format!(
            "#!/bin/sh\nread -r registry; test \"$1 $registry\" = \"get {}\" || exit 9\n{script}\n",
            registry.address
        );
        std::fs::write(&helper, script).unwrap();
        std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        namespaces::outside(
            "a_helper_keeps_the_login_of_a_registry_over_tls",
            &[],
            &[
                ("SSL_CERT_FILE", authority.to_str().unwrap()),
                ("DOCKER_CONFIG", dir.path().to_str().unwrap()),
                ("REGISTRY_AUTH_FILE", "/nonexistent"),
                ("PATH", &path),
                ("TEST_REFERENCE", &registry.reference("app:1")),
                ("TEST_EXPECT", expect),
            ],
        );
    };
    let all = r#"{ "credsStore": "test" }"#.to_owned();
    let one = format!(r#"{{ "credHelpers": {{ "{}": "test" }} }}"#, registry.address);
    let login = r#"echo '{"Username": "me", "Secret": "s3cret"}'"#;
    let needs = format!("docker login {}", registry.address);
    again(&all, login, "ok");
    again(&one, login, "ok");
    again("{}", login, &needs);
    again(&all, r#"echo '{"Username": "me", "Secret": "old"}'"#, &needs);
    again(&all, "echo credentials not found in native keychain; exit 1", &needs);
    again(&all, "echo the keychain is locked; exit 1", "the keychain is locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_on_disk_is_read_by_tag_by_digest_and_alone() {
    let layout = tempfile::tempdir().unwrap();
    let built = small("from disk");
    let tagged = built.write_layout(layout.path(), "v1");
    let alone = format!("oci-layout:{}", layout.path().display());
    let pinned = format!("{alone}@{}", built.top);
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    for reference in [&tagged, &alone, &pinned] {
        let image = pull(&store, reference).await.unwrap();
        assert_eq!((&image.reference, motd(&image)), (reference, "from disk".to_owned()));
    }
    let error = pull(&store, &format!("{alone}:v2")).await.unwrap_err();
    assert_eq!(error.code(), "image-not-found");
    assert!(error.to_string().contains("there are v1"), "{error}");
    let error = pull(&store, "oci-layout:/nowhere/at/all").await.unwrap_err();
    assert_eq!(error.code(), "image-not-found", "{error}");
    let error = pull(
        &store,
        "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), "image-source-not-served");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_in_the_store_has_a_name_and_is_read_again_when_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path()).await;
    let layout = dir.path().join("layouts/team/app");
    let reference = "oci-layout.localhost/team/app:v1";
    for text in ["first", "second"] {
        small(text).write_layout(&layout, "v1");
        let image = pull_as(&store, reference, PullPolicy::IfNotPresent, Credentials::Anonymous)
            .await
            .unwrap();
        assert_eq!((image.reference.as_str(), motd(&image)), (reference, text.to_owned()));
    }
    std::fs::remove_dir_all(&layout).unwrap();
    let image = pull_as(&store, reference, PullPolicy::IfNotPresent, Credentials::Anonymous)
        .await
        .unwrap();
    assert_eq!(motd(&image), "second");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_container_image_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = ImageStore::open(dir.path()).await.unwrap();
    let layout = tempfile::tempdir().unwrap();
    for (manifest, why) in [
        (json!({ "schemaVersion": 1, "fsLayers": [] }), "version 1"),
        (
            json!({ "schemaVersion": 2, "layers": [], "manifests": [] }),
            "also an index",
        ),
        (
            json!({ "schemaVersion": 2, "layers": [], "config": {
            "mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": format!("sha256:{:064}", 0), "size": 2 } }),
            "helm",
        ),
        (json!([]), "cannot be read"),
    ] {
        let body = serde_json::to_vec(&manifest).unwrap();
        let top = support::images::digest(&body);
        let built = Built {
            blobs: [(top.clone(), body)].into(),
            top: top.clone(),
            media_type: "application/vnd.oci.image.manifest.v1+json",
            layers: vec![],
            manifests: vec![top],
        };
        let error = pull(&store, &built.write_layout(layout.path(), "1")).await.unwrap_err();
        assert_eq!(error.code(), "image-invalid", "{error}");
        assert!(error.to_string().contains(why), "{error}");
    }
}
