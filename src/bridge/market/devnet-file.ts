import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { errorCode } from "../sidecar/api-error";
import { type NetworkProblem, type ParsedNetworks, parseNetwork, parseNetworks } from "./network";

/** Name of the network that `npm run devnet` makes. */
export const DEVNET = "devnet";

/** Where `npm run devnet` keeps its chain: `zlayer-devnet` in the user's data directory (XDG). */
export function devnetDirectory(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const data = env["XDG_DATA_HOME"];
  return join(data?.startsWith("/") ? data : join(homedir(), ".local", "share"), "zlayer-devnet");
}

/** The file that says where the devnet's contracts are, with the fields of one entry of `zlayer.market.networks`. */
export function devnetFile(directory: string = devnetDirectory()): string {
  return join(directory, "network.json");
}

/**
 * The networks of the settings, and the devnet of this machine when there is one. A "devnet" of the settings takes its place.
 *
 * @param setting value of `zlayer.market.networks`, unchecked
 */
export async function loadNetworks(setting: unknown, file: string = devnetFile()): Promise<ParsedNetworks> {
  const { networks, problems } = parseNetworks(setting);
  if (networks.some(({ name }) => name === DEVNET)) {
    return { networks, problems };
  }
  const devnet = await readDevnet(file);
  return {
    networks: devnet.network === undefined ? networks : [devnet.network, ...networks],
    problems: [...problems, ...devnet.problems],
  };
}

async function readDevnet(file: string): Promise<ReturnType<typeof parseNetwork>> {
  const problem = (message: string): { problems: NetworkProblem[] } => ({ problems: [{ path: file, message }] });
  try {
    return parseNetwork(DEVNET, JSON.parse(await readFile(file, "utf8")), file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") {
      return { problems: [] };
    }
    const why = error instanceof Error ? error.message : String(error);
    return problem(`cannot be read (${why}); run "npm run devnet -- --reset"`);
  }
}
