// A Cargo workspace as one of its crates needs it.
import { parse, stringify } from "smol-toml";

/**
 * The workspace's Cargo.toml with what one crate takes from it: the metadata, the lints and the dependencies that it names with
 * `workspace = true`. Profiles and patches are left out: the crate is built from another workspace, whose own count.
 *
 * @param {string} workspace text of the workspace's Cargo.toml
 * @param {string} crate text of the crate's Cargo.toml
 * @returns {string}
 */
export function reducedWorkspace(workspace, crate) {
  const { resolver, package: metadata, lints, dependencies } = parse(workspace).workspace;
  const { dependencies: own = {}, "dev-dependencies": dev = {}, target = {} } = parse(crate);
  const tables = [own, dev, ...Object.values(target).flatMap((each) => [each.dependencies, each["dev-dependencies"]])];
  const named = new Set(
    tables
      .flatMap((table) => Object.entries(table ?? {}))
      .flatMap(([name, { workspace }]) => (workspace ? [name] : [])),
  );
  const kept = Object.fromEntries(Object.entries(dependencies).filter(([name]) => named.has(name)));
  return stringify({
    workspace: { resolver, members: ["crates/*"], package: metadata, lints, dependencies: kept },
  });
}
