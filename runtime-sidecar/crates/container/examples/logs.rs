//! How many short lines a second go from a container through its log to a follower: `logs LINES LAYER STATE_DIR SHIM`.

use std::time::{Duration, Instant};

use sidecar_container::{
    ContainerConfig, Limits, LogConfig, LogQuery, NetworkNamespace, Rootfs, Runtime, RuntimeConfig, Security,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, lines, layer, state_dir, shim] = &args[..] else {
        return Err("usage: logs LINES LAYER STATE_DIR SHIM".into());
    };
    let lines: u64 = lines.parse()?;
    let runtime = Runtime::new(RuntimeConfig {
        state_dir: state_dir.into(),
        shim_exe: shim.into(),
        cgroup_parent: Some("logs-bench".into()),
        rootless: false,
    });
    let begin = Instant::now();
    let container = runtime
        .run(ContainerConfig {
            id: "flood".into(),
            rootfs: Rootfs {
                layers: vec![layer.into()],
                read_only: false,
            },
            args: vec!["sh".into(), "-c".into(), format!("seq 1 {lines}; sleep 1000")],
            env: Vec::new(),
            cwd: "/".into(),
            user: None,
            extra_groups: Vec::new(),
            hostname: "flood".into(),
            network: NetworkNamespace::None,
            nameservers: Vec::new(),
            search_domains: Vec::new(),
            extra_hosts: Vec::new(),
            mounts: Vec::new(),
            limits: Limits {
                pids: Some(512),
                ..Limits::default()
            },
            security: Security::default(),
            terminal: false,
            stdin_open: false,
            stop_signal: "SIGKILL".into(),
            log: LogConfig {
                max_bytes: 64 << 20,
                keep_files: 1000,
            },
            labels: Default::default(),
        })
        .await?;
    let mut stream = container.logs(LogQuery {
        stdout: true,
        stderr: true,
        follow: true,
        ..LogQuery::default()
    });
    let mut seen = 0;
    while seen < lines {
        let Some(batch) = stream.next_batch().await else { break };
        seen += batch?.len() as u64;
    }
    let took = begin.elapsed();
    println!(
        "{seen} of {lines} lines in {} ms: {:.0} lines/s",
        took.as_millis(),
        seen as f64 / took.as_secs_f64()
    );
    container.stop(Duration::ZERO).await?;
    container.remove().await?;
    Ok(())
}
