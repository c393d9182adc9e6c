import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { reducedWorkspace } from "./reduced-workspace.mjs";

const CRATE = `[package]
name = "spec"
version.workspace = true
[dependencies]
serde = { workspace = true }
own = "1"
[dev-dependencies]
proptest = { workspace = true }
[target.'cfg(any())'.dev-dependencies]
actions = { workspace = true }
`;
const WORKSPACE = `[workspace]
resolver = "3"
members = ["crates/*"]
[workspace.package]
version = "0.1.0"
[workspace.dependencies]
serde = { version = "1", features = ["derive"] }
proptest = "1"
actions = "=2.0.0"
[workspace.lints.clippy]
all = "deny"
`;

test("a crate keeps what it takes from its workspace", () => {
  expect(parse(reducedWorkspace(WORKSPACE, CRATE))).toEqual(parse(WORKSPACE));
});

test("what other crates need changes nothing", () => {
  const more = WORKSPACE.replace('proptest = "1"', 'proptest = "1"\nredb = "3"');
  const other = `${more}[profile.release]\nlto = "fat"\n`;
  expect(reducedWorkspace(other, CRATE)).toBe(reducedWorkspace(WORKSPACE, CRATE));
});

test("what the crate needs changes it", () => {
  const newer = WORKSPACE.replace('proptest = "1"', 'proptest = "2"');
  expect(reducedWorkspace(newer, CRATE)).not.toBe(reducedWorkspace(WORKSPACE, CRATE));
});
