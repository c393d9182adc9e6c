// What other users of the machine find of an engine, and settings that only the user's own files can give.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SidecarSupervisor } from "../../src/bridge/sidecar/supervisor";
import { sidecarBinary } from "./support/sidecar";

/** Asks an engine for its state, and prints what comes. */
const ASK = `
  const { request } = require("node:http");
  const fail = (error) => console.log(error.code);
  request({ socketPath: process.argv[1], path: "/health/ready", agent: false }, (answer) => console.log(answer.statusCode)).on("error", fail).end();
`;

let directory: string;
let socket: string;
let supervisor: SidecarSupervisor;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-users-"));
  socket = join(directory, "run", "api.sock");
  supervisor = new SidecarSupervisor({
    places: { dataDir: join(directory, "data"), socket, rootless: process.getuid?.() !== 0 },
    binary: async () => sidecarBinary(),
    log: () => {},
  });
  await supervisor.ensure();
});

afterAll(async () => {
  await supervisor.client.shutdown();
  await rm(directory, { recursive: true, force: true });
});

async function askAs(uid: number): Promise<string> {
  const child = spawn(process.execPath, ["-e", ASK, socket], {
    uid,
    gid: uid,
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, "close");
  return said.trim();
}

test("the engine's socket and its directories are for their user", async () => {
  const modes = [socket, join(directory, "run"), join(directory, "data")].map(async (path) => (await stat(path)).mode);
  expect((await Promise.all(modes)).map((mode) => (mode & 0o777).toString(8))).toEqual(["600", "700", "700"]);
});

// Only root can be somebody else.
test.runIf(process.getuid?.() === 0)("another user is not answered, even where files would let it in", async () => {
  expect(await askAs(65_534)).toBe("EACCES");
  await chmod(directory, 0o755);
  await chmod(join(directory, "run"), 0o755);
  await chmod(socket, 0o666);
  expect(await askAs(65_534)).toMatch(/^(ECONNRESET|EPIPE)$/);
  expect(await askAs(0)).toBe("200");
});

test("no setting that names a program, a place or a server is taken from a workspace", async () => {
  const { contributes } = JSON.parse(await readFile("package.json", "utf8"));
  const groups: { properties: Record<string, { type: string; scope?: string }> }[] = [contributes.configuration].flat();
  const settings = groups.flatMap(({ properties }) => Object.entries(properties));
  const texts = settings.filter(([, { type }]) => type === "string" || type === "object");
  expect(texts.map(([name]) => name)).toContain("zlayer.sidecar.path");
  expect(texts.filter(([, { scope }]) => scope !== "machine")).toEqual([]);
});
