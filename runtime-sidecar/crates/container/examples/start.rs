//! How long N containers take to run: `start N LAYER STATE_DIR [parallelism]`, as root. Prints milliseconds.
//!
//! The example `shim` must be built in the same profile.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use sidecar_container::{
    ContainerConfig, Limits, LogConfig, NetworkNamespace, Rootfs, Runtime, RuntimeConfig, Security,
};

fn config(id: String, layer: PathBuf) -> ContainerConfig {
    ContainerConfig {
        hostname: id.clone(),
        id,
        rootfs: Rootfs {
            layers: vec![layer],
            read_only: false,
        },
        args: vec!["sleep".into(), "1000".into()],
        env: Vec::new(),
        cwd: "/".into(),
        user: None,
        extra_groups: Vec::new(),
        network: NetworkNamespace::None,
        nameservers: Vec::new(),
        search_domains: Vec::new(),
        extra_hosts: Vec::new(),
        mounts: Vec::new(),
        limits: Limits {
            pids: Some(512),
            memory_bytes: Some(64 << 20),
            cpu_millicores: Some(500),
            ..Limits::default()
        },
        security: Security::default(),
        terminal: false,
        stdin_open: false,
        stop_signal: "SIGKILL".into(),
        log: LogConfig {
            max_bytes: 10 << 20,
            keep_files: 2,
        },
        labels: Default::default(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, count, layer, state_dir, rest @ ..] = &args[..] else {
        return Err("usage: start N LAYER STATE_DIR [PARALLELISM]".into());
    };
    let count: usize = count.parse()?;
    let parallelism = rest.first().map_or(Ok(8), |n| n.parse())?;
    let exe = std::env::current_exe()?;
    let runtime = Runtime::new(RuntimeConfig {
        state_dir: state_dir.into(),
        shim_exe: exe.with_file_name("shim"),
        cgroup_parent: Some("start-bench".into()),
        rootless: false,
    });
    let begin = Instant::now();
    let containers: Vec<_> = stream::iter(0..count)
        .map(|n| runtime.run(config(format!("c{n}"), layer.into())))
        .buffer_unordered(parallelism)
        .collect()
        .await;
    let started = begin.elapsed();
    let containers = containers.into_iter().collect::<Result<Vec<_>, _>>()?;
    if std::env::var_os("HOLD").is_some() {
        println!("started; press enter");
        std::io::stdin().read_line(&mut String::new())?;
    }
    let begin = Instant::now();
    let ended: Vec<_> = stream::iter(containers)
        .map(|container| async move {
            container.stop(Duration::ZERO).await?;
            container.remove().await
        })
        .buffer_unordered(parallelism)
        .collect()
        .await;
    ended.into_iter().collect::<Result<Vec<_>, _>>()?;
    println!(
        "{count} containers: start {} ms, stop and remove {} ms",
        started.as_millis(),
        begin.elapsed().as_millis()
    );
    Ok(())
}
