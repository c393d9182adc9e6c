// A real registry on loopback, and images pushed to it.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BuiltImage } from "../../../scripts/lib/oci-layout.mjs";
import { endServer, startServer } from "./process";

/** The one account of a registry with `login`. */
export const LOGIN = { username: "ann", password: "secret" };
const HTPASSWD = "ann:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

export class Registry {
  private constructor(
    /** `127.0.0.1:port`, to be put before a repository's name. */
    readonly host: string,
    private readonly child: ChildProcess,
    /** Where it keeps its blobs, for tests that damage them. */
    readonly directory: string,
    private readonly login: boolean,
  ) {}

  /** @param options `login`: only {@link LOGIN} may read and write */
  static async start(options: { login?: boolean } = {}): Promise<Registry> {
    const directory = await mkdtemp(join(tmpdir(), "zl-registry-"));
    const htpasswd = join(directory, "htpasswd");
    await writeFile(htpasswd, HTPASSWD);
    const config = {
      version: 0.1,
      log: { level: "info" },
      storage: { filesystem: { rootdirectory: join(directory, "data") }, delete: { enabled: true } },
      http: { addr: "127.0.0.1:0" },
      ...(options.login && { auth: { htpasswd: { realm: "test", path: htpasswd } } }),
    };
    const file = join(directory, "config.yml");
    await writeFile(file, JSON.stringify(config));
    const { child, found } = await startServer("docker-registry", ["serve", file], /listening on (127\.0\.0\.1:\d+)/);
    return new Registry(found, child, directory, options.login ?? false);
  }

  async stop(): Promise<void> {
    await endServer(this.child);
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * Pushes an image.
   *
   * @param name repository and tag: `app:1`
   * @returns the reference with this registry's host
   */
  async push(name: string, built: BuiltImage): Promise<string> {
    const [repository = "", tag = "latest"] = name.split(":");
    for (const [digest, data] of built.blobs) {
      if (digest !== built.manifest.digest) {
        await this.pushBlob(repository, digest, data);
      }
    }
    const manifest = built.blobs.get(built.manifest.digest);
    await this.send(`/v2/${repository}/manifests/${tag}`, {
      method: "PUT",
      headers: { "content-type": built.manifest.mediaType },
      body: manifest ?? null,
    });
    return `${this.host}/${repository}:${tag}`;
  }

  /** The file in which it keeps a blob. */
  blob(digest: string): string {
    const [algorithm = "", hash = ""] = digest.split(":");
    return join(this.directory, "data/docker/registry/v2/blobs", algorithm, hash.slice(0, 2), hash, "data");
  }

  private async pushBlob(repository: string, digest: string, data: Uint8Array): Promise<void> {
    const opened = await this.send(`/v2/${repository}/blobs/uploads/`, { method: "POST" });
    const location = new URL(opened.headers.get("location") ?? "", `http://${this.host}`);
    location.searchParams.set("digest", digest);
    await this.send(location.href, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: data,
    });
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.login) {
      const { username, password } = LOGIN;
      headers.set("authorization", `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);
    }
    const response = await fetch(new URL(path, `http://${this.host}`), { ...init, headers });
    if (!response.ok) {
      throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
    }
    return response;
  }
}
