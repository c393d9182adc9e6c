//! A real registry on loopback: Debian's `docker-registry`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::images::Built;

/// A registry's storage. It may be served in several ways, also at the same time.
pub struct Storage {
    dir: tempfile::TempDir,
}

/// A running registry, stopped when dropped.
pub struct Registry {
    child: Child,
    /// `localhost:PORT`.
    pub address: String,
}

pub enum Access {
    Open,
    /// User `me` with the password `s3cret`.
    Basic,
    /// Certificate and key files.
    Tls {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// The same over TLS, for the user of `Basic`.
    TlsBasic {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// Tokens from this realm, signed by the key of this certificate.
    Token {
        realm: String,
        certificate: PathBuf,
    },
}

impl Storage {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn serve(&self, access: Access) -> Registry {
        let mut config = format!(
            "version: 0.1\nlog:\n  level: info\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\nhttp:\n  addr: localhost:0\n  secret: test\n",
            self.dir.path().join("data").display()
        );
        let tls = match &access {
            Access::Tls { certificate, key } | Access::TlsBasic { certificate, key } => Some((certificate, key)),
            _ => None,
        };
        if let Some((certificate, key)) = tls {
            config += &format!(
                "  tls:\n    certificate: {}\n    key: {}\n",
                certificate.display(),
                key.display()
            );
        }
        match access {
            Access::Open | Access::Tls { .. } => {}
            Access::Basic | Access::TlsBasic { .. } => {
                let file = self.dir.path().join("htpasswd");
                // bcrypt of `s3cret`, at its lowest cost: tests do not wait.
                std::fs::write(&file, HTPASSWD).unwrap();
                config += &format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", file.display());
            }
            Access::Token { realm, certificate } => {
                config += &format!(
                    "auth:\n  token:\n    realm: {realm}\n    service: registry\n    issuer: test\n    rootcertbundle: {}\n",
                    certificate.display()
                );
            }
        }
        let mut file = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap();
        file.write_all(config.as_bytes()).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(file.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("docker-registry ended").unwrap();
            if let Some((_, rest)) = line.split_once("listening on ") {
                let address = rest.split(['"', ',', ' ']).next().unwrap();
                break address.rsplit_once(':').unwrap().1.to_owned();
            }
        };
        // Nobody reads its log, but it must not block on it.
        std::thread::spawn(move || lines.for_each(drop));
        Registry {
            child,
            address: format!("localhost:{port}"),
        }
    }

    /// The file that holds a blob.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = &digest[7..];
        self.dir
            .path()
            .join("data/docker/registry/v2/blobs/sha256")
            .join(&hex[..2])
            .join(hex)
            .join("data")
    }

    /// Pushes through a registry of its own, so that the one under test may be closed to writers.
    pub async fn push(&self, image: &Built, repository: &str, tag: &str) {
        let registry = self.serve(Access::Open);
        registry.push(image, repository, tag).await;
    }
}

impl Registry {
    pub fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    pub async fn push(&self, image: &Built, repository: &str, tag: &str) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let base = format!("http://{}/v2/{repository}", self.address);
        for (digest, data) in image
            .blobs
            .iter()
            .filter(|(digest, _)| !image.manifests.contains(digest))
        {
            let started = client.post(format!("{base}/blobs/uploads/")).send().await.unwrap();
            let mut location = reqwest::Url::parse(started.headers()["location"].to_str().unwrap()).unwrap();
            location.query_pairs_mut().append_pair("digest", digest);
            let done = client.put(location).body(data.clone()).send().await.unwrap();
            assert!(done.status().is_success(), "{}", done.text().await.unwrap());
        }
        for digest in &image.manifests {
            let data = image.blobs[digest].clone();
            let kind: serde_json::Value = serde_json::from_slice(&data).unwrap();
            let name = if *digest == image.top { tag } else { digest };
            let request = client
                .put(format!("{base}/manifests/{name}"))
                .header("content-type", kind["mediaType"].as_str().unwrap());
            let done = request.body(data).send().await.unwrap();
            assert!(done.status().is_success(), "{}", done.text().await.unwrap());
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate authority and a certificate for `localhost`, made with openssl: (authority, certificate, key).
pub fn certificates(dir: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let file = |name: &str| dir.join(name);
    let (ca, ca_key, certificate, key) = (file("ca.pem"), file("ca.key"), file("server.pem"), file("server.key"));
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    run(&[
        &["req", "-x509"],
        &new_key[..],
        &[
            "-days",
            "2",
            "-subj",
            "/CN=test authority",
            "-keyout",
            &text(&ca_key),
            "-out",
            &text(&ca),
        ],
    ]
    .concat());
    run(&[
        &["req", "-x509"],
        &new_key[..],
        &[
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-CA",
            &text(&ca),
            "-CAkey",
            &text(&ca_key),
            "-keyout",
            &text(&key),
            "-out",
            &text(&certificate),
        ],
    ]
    .concat());
    (ca, certificate, key)
}

const HTPASSWD: &str = "me:$2b$04$mTSvv.jyDAelwikZXDKA/OxisIpIZT8ZyK4xUhKPGv4MJYRUBze02\n";
