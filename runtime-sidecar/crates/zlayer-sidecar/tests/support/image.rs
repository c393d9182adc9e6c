//! An OCI layout with busybox in it, tag `1`.

use std::fs;
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};

const COMMANDS: &[&str] = &[
    "sh", "ls", "cat", "echo", "sleep", "seq", "nc", "httpd", "wget", "nslookup", "kill", "ps", "id", "env", "mkdir",
    "touch", "tail", "trap", "true", "false", "hostname", "stat", "date", "wc", "grep", "yes", "head", "stty",
    "usleep",
];

pub fn write(layout: &Path) {
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |bytes: &[u8]| {
        let digest = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        fs::write(blobs.join(&digest), bytes).unwrap();
        (format!("sha256:{digest}"), bytes.len())
    };
    let (layer, layer_size) = blob(&layer());
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": { "Env": ["PATH=/bin"], "WorkingDir": "/" },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
    });
    let (config, config_size) = blob(config.to_string().as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": config_size },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": layer_size }],
    });
    let (manifest, size) = blob(manifest.to_string().as_bytes());
    let index = json!({ "schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": manifest,
        "size": size,
        "annotations": { "org.opencontainers.image.ref.name": "1" },
    }]});
    fs::write(layout.join("index.json"), index.to_string()).unwrap();
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

fn layer() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: tar::EntryType, mode: u32, bytes: &[u8], link: Option<&str>| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        match link {
            Some(link) => tar.append_link(&mut header, path, link).unwrap(),
            None => tar.append_data(&mut header, path, bytes).unwrap(),
        }
    };
    use tar::EntryType::{Directory, Regular, Symlink};
    for dir in ["bin", "etc", "tmp", "proc", "sys", "dev", "www"] {
        add(dir, Directory, if dir == "tmp" { 0o1777 } else { 0o755 }, b"", None);
    }
    add(
        "bin/busybox",
        Regular,
        0o755,
        &fs::read("/bin/busybox").expect("the package busybox-static"),
        None,
    );
    for command in COMMANDS {
        add(&format!("bin/{command}"), Symlink, 0o777, b"", Some("busybox"));
    }
    add(
        "etc/passwd",
        Regular,
        0o644,
        b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n",
        None,
    );
    add("etc/group", Regular, 0o644, b"root:x:0:\napp:x:1000:\n", None);
    add("www/index.html", Regular, 0o644, b"hello\n", None);
    tar.into_inner().unwrap()
}
