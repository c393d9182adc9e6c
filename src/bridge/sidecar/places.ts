import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** Where one user's sidecar keeps its state, and where it listens. */
export interface Places {
  readonly dataDir: string;
  readonly socket: string;
  /** Whether it must do without root's rights. */
  readonly rootless: boolean;
}

export interface PlaceSettings {
  /** Empty or absent: the standard place. */
  readonly dataDir?: string | undefined;
  readonly socket?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `/var/lib/zlayer-sidecar` for root, else `zlayer-sidecar` in the user's data directory (XDG). */
export function defaultDataDir(env: Environment = process.env, uid: number = userInfo().uid): string {
  if (uid === 0) {
    return "/var/lib/zlayer-sidecar";
  }
  return join(absolute(env["XDG_DATA_HOME"]) ?? join(homedir(), ".local", "share"), "zlayer-sidecar");
}

/**
 * `/run/zlayer-sidecar/api.sock` for root, else the same in the user's runtime directory (XDG). A user without one gets
 * a socket in the data directory: never one in a directory that others can write to.
 */
export function defaultSocket(dataDir: string, env: Environment = process.env, uid: number = userInfo().uid): string {
  if (uid === 0) {
    return "/run/zlayer-sidecar/api.sock";
  }
  const runtime = absolute(env["XDG_RUNTIME_DIR"]);
  return runtime === undefined ? join(dataDir, "run", "api.sock") : join(runtime, "zlayer-sidecar", "api.sock");
}

/** The places of this user's sidecar. A data directory of its own has a socket of its own, so that two never meet. */
export function placesOf(settings: PlaceSettings = {}, env: Environment = process.env, uid = userInfo().uid): Places {
  const chosen = expandHome(settings.dataDir);
  const dataDir = chosen ?? defaultDataDir(env, uid);
  const socket =
    expandHome(settings.socket) ??
    (chosen === undefined ? defaultSocket(dataDir, env, uid) : join(dataDir, "run", "api.sock"));
  return { dataDir, socket, rootless: uid !== 0 };
}

/** A path setting with a leading `~/` expanded; `undefined` when it is empty. */
export function expandHome(setting: string | undefined): string | undefined {
  const text = setting?.trim() ?? "";
  if (text === "") {
    return undefined;
  }
  return text === "~" || text.startsWith("~/") ? join(homedir(), text.slice(1)) : text;
}

function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}
