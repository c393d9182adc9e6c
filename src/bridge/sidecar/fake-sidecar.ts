// For tests: a program that behaves as the sidecar does at its edges (arguments, lock, socket, exit codes), and no further.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Its source; `mode` is compiled in. */
const SOURCE = (mode: string, version: string): string => `#!${process.execPath}
const fs = require("node:fs"), http = require("node:http"), path = require("node:path");
const mode = ${JSON.stringify(mode)}, version = ${JSON.stringify(version)};
if (process.argv[2] === "--version") { console.log("zlayer-sidecar " + version); process.exit(0); }
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
const dir = value("--data-dir"), socket = value("--socket"), lock = path.join(dir, "lock");
fs.appendFileSync(path.join(dir, "starts"), process.argv.slice(2).join(" ") + "\\n");
if (mode === "dies") { console.error("no room for the state"); process.exit(1); }
try { fs.writeFileSync(lock, String(process.pid), { flag: "wx" }); } catch { process.exit(3); }
const end = () => { fs.rmSync(lock, { force: true }); fs.rmSync(socket, { force: true }); process.exit(0); };
let ready = mode !== "slow";
fs.rmSync(socket, { force: true });
http.createServer((request, response) => {
  if (request.url === "/health/ready") {
    response.statusCode = ready ? 200 : 503;
    response.end(JSON.stringify({ status: ready ? "ok" : "starting", version }));
    ready = true;
  } else if (request.url === "/sidecar/v1/info") {
    response.end(JSON.stringify({ version, pid: process.pid, features: ["shutdown"], limitations: [] }));
  } else if (request.url === "/sidecar/v1/shutdown") {
    response.statusCode = 202;
    response.end("", end);
  } else {
    response.statusCode = 404;
    response.end("{}");
  }
}).listen(socket);
process.on("SIGTERM", end);
`;

export type FakeMode = "well" | "slow" | "dies";

/** Writes the program. @returns its path */
export function writeFakeSidecar(directory: string, mode: FakeMode = "well", version = "0.1.0"): string {
  const path = join(directory, "zlayer-sidecar");
  writeFileSync(path, SOURCE(mode, version));
  chmodSync(path, 0o755);
  return path;
}
