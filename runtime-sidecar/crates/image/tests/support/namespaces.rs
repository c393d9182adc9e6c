//! Running a test, or a look into a root file system, in name spaces of its own.

use std::path::PathBuf;
use std::process::Command;

const INSIDE: &str = "SIDECAR_IMAGE_TEST_INSIDE";

/// Runs the named test again below `unshare` with these options and asserts that it passes there. False when this is
/// that second run: the test then does its work.
pub fn outside(test: &str, options: &[&str], environment: &[(&str, &str)]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let output = Command::new("unshare")
        .args(options)
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "inside {options:?}: {text}");
    assert!(
        text.contains("1 passed"),
        "the test did not run inside {options:?}: {text}"
    );
    true
}

/// What a process may mount with: itself for root, else a user namespace.
pub fn mount_options() -> &'static [&'static str] {
    if nix::unistd::geteuid().is_root() {
        &["--mount"]
    } else {
        &["--user", "--map-root-user", "--mount"]
    }
}

/// Mounts the layers as a container's root file system at `$ROOT` and returns what the shell script prints.
pub fn in_rootfs(layers: &[PathBuf], script: &str) -> String {
    let root = tempfile::tempdir().unwrap();
    let lower: Vec<String> = layers.iter().map(|layer| layer.display().to_string()).collect();
    let option = sidecar_image::OverlayXattrs::current()
        .mount_option()
        .map(|o| format!("{o},"))
        .unwrap_or_default();
    let work = tempfile::tempdir().unwrap();
    for sub in ["upper", "work"] {
        std::fs::create_dir(work.path().join(sub)).unwrap();
    }
    let base = work.path().display();
    let options = format!(
        "{option}lowerdir={},upperdir={base}/upper,workdir={base}/work",
        lower.join(":")
    );
    let output = Command::new("unshare")
        .args(mount_options())
        .args([
            "--",
            "sh",
            "-euc",
            &format!("mount -t overlay overlay -o \"$OPTIONS\" \"$ROOT\"; cd \"$ROOT\"; {script}"),
        ])
        .env("OPTIONS", options)
        .env("ROOT", root.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
