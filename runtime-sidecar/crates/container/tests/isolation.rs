//! What a container sees and may do.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;

use common::*;
use sidecar_container::{ContainerConfig, Mount};

/// Runs a script in a container that `change` was applied to, and compares what it prints.
async fn check(name: &str, script: &str, change: impl FnOnce(&mut ContainerConfig), expected: &str) {
    let bed = Bed::new(name);
    let mut config = sh("one", script);
    change(&mut config);
    assert_eq!(output(&bed, config).await, expected, "{script}");
    bed.assert_clean();
}

#[tokio::test]
async fn namespaces_are_its_own() {
    check(
        "namespaces",
        "echo $$; hostname; ls /sys/class/net; ps | wc -l",
        |_| {},
        "1\none\nlo\n4",
    )
    .await;
}

#[tokio::test]
async fn generated_files() {
    let script = "cat /etc/hostname /etc/resolv.conf; grep db /etc/hosts";
    check(
        "files",
        script,
        |_| {},
        "one\nsearch app.internal\nnameserver 10.0.0.53\n10.0.0.7\tdb",
    )
    .await;
}

#[tokio::test]
async fn user_groups_and_home() {
    let user = |name: &'static str| move |config: &mut ContainerConfig| config.user = Some(name.into());
    check(
        "user",
        "id; echo $HOME",
        user("web"),
        "uid=33(web) gid=34(web) groups=34(web),50(logs)\n/home/web",
    )
    .await;
    check("uid", "id -u; id -g; id -G", user("1000:1001"), "1000\n1001\n1001").await;
}

#[tokio::test]
async fn a_user_may_open_its_own_output_again() {
    check(
        "stdout",
        "echo reopened > /dev/stdout",
        |config| config.user = Some("web".into()),
        "reopened",
    )
    .await;
}

#[tokio::test]
async fn environment_and_working_directory() {
    let change = |config: &mut ContainerConfig| {
        config.env = vec!["A=1 2".into(), "PATH=/bin".into()];
        config.cwd = "/new/work/dir".into();
    };
    check(
        "env",
        "echo $A $PATH $HOSTNAME; pwd; stat -c %u:%a .",
        change,
        "1 2 /bin one\n/new/work/dir\n0:755",
    )
    .await;
}

#[tokio::test]
async fn a_working_directory_below_a_tmpfs_is_made_by_root() {
    let below = |cwd: &'static str| {
        move |config: &mut ContainerConfig| {
            config.user = Some("web".into());
            config.cwd = cwd.into();
            config.mounts = vec![Mount::Tmpfs {
                target: "/scratch".into(),
                size_bytes: None,
                mode: 0o1777,
            }];
        }
    };
    let script = "pwd; stat -c %u:%a .";
    let expected = "/scratch/work/dir\n0:755";
    check("below-tmpfs", script, below("/scratch/work/dir"), expected).await;
    check("below-shm", script, below("/dev/shm/work"), "/dev/shm/work\n0:755").await;
    check("the-tmpfs", script, below("/scratch"), "/scratch\n0:1777").await;
}

#[tokio::test]
async fn read_only_root() {
    let script = "touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo shm";
    check(
        "readonly",
        script,
        |config| config.rootfs.read_only = true,
        "refused\nshm",
    )
    .await;
}

#[tokio::test]
async fn mounts() {
    let source = Temp::new("source");
    std::fs::write(source.path().join("file"), "from outside\n").unwrap();
    let path = source.path().to_owned();
    let script = "cat /data/file; touch /data/x 2>/dev/null || echo refused; echo y > /rw/y; df -k /scratch | tail -1 | awk '{print $2}'; stat -c %a /scratch";
    let change = |config: &mut ContainerConfig| {
        config.mounts = vec![
            Mount::Bind {
                source: path.clone(),
                target: "/data".into(),
                read_only: true,
            },
            Mount::Bind {
                source: path.clone(),
                target: "/rw".into(),
                read_only: false,
            },
            Mount::Tmpfs {
                target: "/scratch".into(),
                size_bytes: Some(1 << 20),
                mode: 0o1777,
            },
        ];
    };
    check("mounts", script, change, "from outside\nrefused\n1024\n1777").await;
    assert_eq!(std::fs::read_to_string(source.path().join("y")).unwrap(), "y\n");
}

#[tokio::test]
async fn limits_of_processes_and_kernel_settings() {
    let change = |config: &mut ContainerConfig| {
        config.limits.ulimits = BTreeMap::from([("nofile".into(), (123, 456))]);
        config.security.sysctls = BTreeMap::from([("net.ipv4.ip_unprivileged_port_start".into(), "0".into())]);
    };
    let script = "ulimit -Sn; ulimit -Hn; cat /proc/sys/net/ipv4/ip_unprivileged_port_start";
    check("ulimits", script, change, "123\n456\n0").await;
}

#[tokio::test]
async fn privileges_are_dropped() {
    let script = "grep -E '^(CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\\t' ' '";
    let root =
        "CapEff: 00000000a80425fb\nCapBnd: 00000000a80425fb\nCapAmb: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2";
    check("caps", script, |_| {}, root).await;
    let user =
        "CapEff: 0000000000000000\nCapBnd: 00000000a80425fb\nCapAmb: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2";
    check("caps-user", script, |config| config.user = Some("web".into()), user).await;
    let changed = |config: &mut ContainerConfig| {
        config.security.cap_drop = vec!["ALL".into()];
        config.security.cap_add = vec!["NET_ADMIN".into()];
    };
    check(
        "caps-change",
        "grep CapEff /proc/self/status | tr -s '\\t' ' '",
        changed,
        "CapEff: 0000000000001000",
    )
    .await;
}

#[tokio::test]
async fn the_system_call_filter_is_on() {
    let script = "unshare -U true 2>/dev/null || echo no-namespace; mount -t tmpfs x /tmp 2>/dev/null || echo no-mount";
    check("seccomp", script, |_| {}, "no-namespace\nno-mount").await;
}

#[tokio::test]
async fn paths_are_masked_or_read_only() {
    let script = "wc -c < /proc/interrupts; ls /sys/firmware | wc -l; (echo 1 > /proc/sys/kernel/panic) 2>/dev/null || echo refused; \
                  (echo b > /proc/sysrq-trigger) 2>/dev/null || echo refused; touch /sys/x 2>/dev/null || echo refused";
    check("masked", script, |_| {}, "0\n0\nrefused\nrefused\nrefused").await;
}

#[tokio::test]
async fn only_the_default_devices() {
    let script =
        "ls /dev; mknod /dev/disk b 254 0 && (dd if=/dev/disk of=/dev/null count=1 2>/dev/null || echo refused)";
    let names = "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\nrefused";
    check("devices", script, |_| {}, names).await;
}

#[tokio::test]
async fn signals_have_their_default_actions() {
    check(
        "signals",
        "grep -E '^Sig(Blk|Ign):' /proc/self/status | tr -s '\\t' ' '",
        |_| {},
        "SigBlk: 0000000000000000\nSigIgn: 0000000000000000",
    )
    .await;
}

#[tokio::test]
async fn no_descriptor_of_the_shim_is_open() {
    check("fds", "ls /proc/1/fd; :", |_| {}, "0\n1\n2").await;
}
