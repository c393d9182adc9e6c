//! Nodes that are processes of their own, and end by `kill -9`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::fleet::{LONG, eventually};

struct Process {
    name: String,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// Cargo builds examples beside the tests of their package.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/register_node")
}

impl Process {
    async fn start(home: &Path, name: &str, token: Option<&str>) -> Self {
        let mut child = Command::new(program())
            .arg(home.join(name))
            .arg(name)
            .args(token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = tokio::time::timeout(LONG, output.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert!(ready.starts_with("ready "), "{ready}");
        Self {
            name: name.into(),
            child,
            input,
            output,
        }
    }

    async fn ask(&mut self, question: &str) -> String {
        self.input.write_all(format!("{question}\n").as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(LONG, self.output.next_line())
            .await
            .unwrap()
            .unwrap();
        answer.unwrap()
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_outlive_killed_processes() {
    let home = tempfile::tempdir().unwrap();
    let mut nodes = vec![Process::start(home.path(), "node-1", None).await];
    for name in ["node-2", "node-3"] {
        let token = nodes[0].ask("invite").await;
        let token = token.strip_prefix("ok ").unwrap().to_owned();
        nodes.push(Process::start(home.path(), name, Some(&token)).await);
    }
    let mut acknowledged = Vec::new();
    let mut number = 0;
    for round in 0..4 {
        // Three voters are needed before one may be lost: their key files say so.
        eventually("all vote", async || {
            let missing = ["node-1", "node-2", "node-3"]
                .into_iter()
                .find(|name| !home.path().join(name).join("peers/authority.key").exists());
            missing.map_or(Ok(()), |name| Err(name.to_owned()))
        })
        .await;
        let leader = nodes[0].ask("leader").await;
        let leader = leader.strip_prefix("ok ").unwrap().to_owned();
        // The leader in the even rounds, another in the odd ones.
        let place = nodes
            .iter()
            .position(|node| (node.name == leader) == (round % 2 == 0))
            .unwrap();
        let killed = nodes.remove(place);
        let name = killed.name.clone();
        killed.kill().await;
        let mut written = 0;
        let start = Instant::now();
        let mut last = String::new();
        while written < 10 {
            assert!(
                start.elapsed() < LONG,
                "two of three nodes write: round {round}, {name} is killed; {last}"
            );
            for node in &mut nodes {
                number += 1;
                let answer = node.ask(&format!("write r {number}")).await;
                last = format!("{}: {answer}", node.name);
                if answer.starts_with("ok ") {
                    acknowledged.push(number);
                    written += 1;
                }
            }
        }
        nodes.push(Process::start(home.path(), &name, None).await);
    }
    for node in &mut nodes {
        let mut answer = node.ask("read r").await;
        while answer.starts_with("not-done") {
            answer = node.ask("read r").await;
        }
        let values: Vec<u64> = serde_json::from_str(answer.strip_prefix("ok ").unwrap()).unwrap();
        for value in &acknowledged {
            assert_eq!(
                values.iter().filter(|found| *found == value).count(),
                1,
                "{value} on {}",
                node.name
            );
        }
    }
}
