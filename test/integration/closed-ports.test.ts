// The engine's API is on its unix socket alone.
import { readdir, readFile, readlink } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestSidecar } from "./support/sidecar";

let sidecar: TestSidecar;
beforeAll(async () => {
  sidecar = await TestSidecar.start();
});
afterAll(() => sidecar.stop());

/** Inodes of the sockets of a process. */
async function socketsOf(pid: number): Promise<string[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

/** Inodes of the rows of a table of sockets, which stand in one of its columns. See `man 5 proc`. */
async function inodes(pid: number, table: string, column: number): Promise<Set<string>> {
  const rows = (await readFile(`/proc/${pid}/net/${table}`, "utf8")).trim().split("\n").slice(1);
  return new Set(rows.map((row) => row.trim().split(/\s+/)[column] ?? ""));
}

test("an engine that answers has no socket of the network", async () => {
  const { pid } = await sidecar.client.info();
  const sockets = await socketsOf(pid);
  const local = await inodes(pid, "unix", 6);
  expect(sockets.filter((inode) => local.has(inode))).not.toEqual([]);
  for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
    const open = await inodes(pid, table, 9);
    expect(sockets.filter((inode) => open.has(inode))).toEqual([]);
  }
});
