//! Programs that keep logins for Docker: `docker-credential-<name> get`, with the registry on its input.
//!
//! The protocol is described at <https://github.com/docker/docker-credential-helpers>.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Credentials;

/// A helper may ask the user; not for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// The key under which Docker keeps the login of its own registry.
const DOCKER: &str = "https://index.docker.io/v1/";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// `None`: it keeps no login for this registry. `Err`: it does not work, in words.
pub(super) async fn ask(name: &str, registry: &str) -> Result<Option<Credentials>, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(format!(
            "“{name}”, which is to keep the logins of Docker, is no name of a program"
        ));
    }
    let program = format!("docker-credential-{name}");
    let registry = if registry == "docker.io" { DOCKER } else { registry };
    run(OsStr::new(&program), registry)
        .await
        .map_err(|why| format!("the program {program}, which keeps the logins of Docker, {why}"))
}

async fn run(program: &OsStr, registry: &str) -> Result<Option<Credentials>, String> {
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| format!("cannot be started: {cause}"))?;
    let talk = async {
        if let Some(mut input) = child.stdin.take() {
            // One that ends without reading says why by its status.
            let _ = input.write_all(format!("{registry}\n").as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(PATIENCE, talk)
        .await
        .map_err(|_| "does not answer".to_owned())?
        .map_err(|cause| format!("cannot be asked: {cause}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        if said.contains("credentials not found") {
            return Ok(None);
        }
        return Err(format!("failed: {}", said.trim().chars().take(200).collect::<String>()));
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| "did not answer with a login".to_owned())?;
    // A token that only Docker's own login can exchange.
    if answer.username == "<token>" {
        return Err("keeps an identity token, which is not served; log in with a user name and a password".to_owned());
    }
    Ok(Some(Credentials::Basic {
        username: answer.username,
        password: answer.secret,
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    async fn check(script: &str, want: Result<Option<(&str, &str)>, &str>) {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("docker-credential-test");
        let mut file = std::fs::File::create(&program).unwrap();
        writeln!(file, "#!/bin/sh\nread -r registry; {script}").unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o700)).unwrap();
        drop(file);
        // Another test may have forked while the file was open for writing: the program is busy until that one executes.
        let found = loop {
            match run(program.as_os_str(), "r.example; touch x").await {
                Err(why) if why.contains("busy") => tokio::task::yield_now().await,
                found => break found,
            }
        };
        let found = found.map(|login| match login {
            Some(Credentials::Basic { username, password }) => Some((username, password)),
            _ => None,
        });
        let want = want.map(|login| login.map(|(user, secret)| (user.to_owned(), secret.to_owned())));
        assert_eq!(found, want.map_err(str::to_owned), "{script}");
    }

    #[tokio::test]
    async fn a_helper_is_asked_without_a_shell() {
        // The registry arrives as it is, on the input, and is the only thing that does.
        let echo = r#"printf '{"ServerURL":"x","Username":"%s","Secret":"%s"}' "$1" "$registry""#;
        check(echo, Ok(Some(("get", "r.example; touch x")))).await;
        check("echo credentials not found in native keychain; exit 1", Ok(None)).await;
        check("echo locked; exit 1", Err("failed: locked")).await;
        check("echo nothing", Err("did not answer with a login")).await;
    }

    #[tokio::test]
    async fn only_names_of_programs_are_started() {
        for name in ["", "../x", "a b", "a/b"] {
            assert!(ask(name, "r.example").await.is_err(), "{name}");
        }
        let missing = ask("that-is-not-there", "r.example").await.unwrap_err();
        assert!(missing.contains("docker-credential-that-is-not-there"), "{missing}");
    }
}
