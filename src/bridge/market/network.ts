import { type Address, getAddress, isAddress } from "viem";
import { isRecord } from "../sidecar/api-error";

/** Where one deployment's contracts are. */
export interface MarketAddresses {
  /** OTT, the token. */
  readonly token: Address;
  readonly registry: Address;
  readonly market: Address;
  readonly distribution: Address;
}

/** One deployment of the market, and how to reach its chain. */
export interface MarketNetwork {
  /** As in the settings, "devnet" for example. */
  readonly name: string;
  readonly chainId: number;
  /** JSON-RPC over HTTP. */
  readonly rpcUrl: string;
  /** JSON-RPC over a websocket; without it new blocks are asked for every few seconds. */
  readonly wsUrl?: string;
  readonly addresses: MarketAddresses;
  /** The first block that can hold an event of the contracts. */
  readonly deploymentBlock: bigint;
  /** A chain for development: money on it is worth nothing, and a local account may sign. */
  readonly isDevnet: boolean;
  /** Name of the native currency. */
  readonly currency: string;
}

/** Chain id of anvil and other development nodes. The devnet's account signs on no other chain. */
export const DEVNET_CHAIN_ID = 31337;

/** Something in the settings that cannot be used. */
export interface NetworkProblem {
  /** Path of the field: `zlayer.market.networks.sepolia.chainId`. */
  readonly path: string;
  /** What is wrong, and what is expected. */
  readonly message: string;
}

export interface ParsedNetworks {
  /** The networks without problems, in the order of the setting. */
  readonly networks: readonly MarketNetwork[];
  /** A network with a problem is left out; the others work. */
  readonly problems: readonly NetworkProblem[];
}

const SETTING = "zlayer.market.networks";
const FIELDS = ["chainId", "rpcUrl", "wsUrl", "block", "token", "registry", "market", "distribution", "currency"];
/** Written by the deployment script, of no use here. */
const IGNORED = ["arbiter"];

/**
 * Reads the value of the setting `zlayer.market.networks`: an object whose keys are names of networks, each with the fields of a file in
 * contracts/deployments (`chainId`, `block`, `token`, `registry`, `market`, `distribution`), `rpcUrl`, and if wanted `wsUrl` and `currency`.
 *
 * @param value what the settings hold, unchecked
 * @param base path of the value, for messages
 */
export function parseNetworks(value: unknown, base: string = SETTING): ParsedNetworks {
  if (value === undefined || value === null) {
    return { networks: [], problems: [] };
  }
  if (!isRecord(value)) {
    const message = `must be an object whose keys are names of networks, but is ${kindOf(value)}`;
    return { networks: [], problems: [{ path: base, message }] };
  }
  const networks: MarketNetwork[] = [];
  const problems: NetworkProblem[] = [];
  for (const [name, fields] of Object.entries(value)) {
    const parsed = parseNetwork(name, fields, `${base}.${name}`);
    problems.push(...parsed.problems);
    if (parsed.network !== undefined) {
      networks.push(parsed.network);
    }
  }
  return { networks, problems };
}

/** One network. @param path where it stands, for messages */
export function parseNetwork(
  name: string,
  value: unknown,
  path: string,
): { readonly network?: MarketNetwork; readonly problems: readonly NetworkProblem[] } {
  if (!isRecord(value)) {
    return { problems: [{ path, message: `must be an object, but is ${kindOf(value)}` }] };
  }
  const reader = new FieldReader(value, path);
  const chainId = reader.wholeNumber("chainId", 1);
  const rpcUrl = reader.url("rpcUrl", ["http:", "https:"]);
  const wsUrl = value["wsUrl"] === undefined ? undefined : reader.url("wsUrl", ["ws:", "wss:"]);
  const block = reader.wholeNumber("block", 0);
  const token = reader.address("token");
  const registry = reader.address("registry");
  const market = reader.address("market");
  const distribution = reader.address("distribution");
  const currency = value["currency"] === undefined ? "ETH" : reader.text("currency");
  reader.refuseOthers([...FIELDS, ...IGNORED]);
  if (reader.problems.length > 0) {
    return { problems: reader.problems };
  }
  return {
    network: {
      name,
      chainId,
      rpcUrl,
      ...(wsUrl !== undefined && { wsUrl }),
      addresses: { token, registry, market, distribution },
      deploymentBlock: BigInt(block),
      isDevnet: chainId === DEVNET_CHAIN_ID,
      currency,
    },
    problems: [],
  };
}

/** Reads fields one after the other and gathers what is wrong with them; a value that is wrong is replaced by an empty one. */
class FieldReader {
  readonly problems: NetworkProblem[] = [];

  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly path: string,
  ) {}

  wholeNumber(field: string, least: number): number {
    const value = this.fields[field];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
      return this.#wrong(field, `a whole number of at least ${least}`, least);
    }
    return value;
  }

  text(field: string): string {
    const value = this.fields[field];
    return typeof value === "string" && value.trim() !== "" ? value : this.#wrong(field, "a text", "");
  }

  url(field: string, protocols: readonly string[]): string {
    const value = this.fields[field];
    const expected = `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`;
    if (typeof value !== "string" || !URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      return this.#wrong(field, expected, "");
    }
    return value;
  }

  address(field: string): Address {
    const value = this.fields[field];
    const none: Address = "0x0000000000000000000000000000000000000000";
    if (typeof value !== "string" || !isAddress(value, { strict: false })) {
      return this.#wrong(field, "an address (0x and 40 hexadecimal digits)", none);
    }
    if (!isAddress(value)) {
      return this.#wrong(field, "an address whose capitals are right; one of its characters was changed", none);
    }
    const address = getAddress(value);
    return address === none ? this.#wrong(field, "the address of a contract, not zero", none) : address;
  }

  refuseOthers(known: readonly string[]): void {
    for (const field of Object.keys(this.fields)) {
      if (!known.includes(field)) {
        this.problems.push({ path: `${this.path}.${field}`, message: `is not known; there are ${FIELDS.join(", ")}` });
      }
    }
  }

  #wrong<Value>(field: string, expected: string, instead: Value): Value {
    const value = this.fields[field];
    const found = value === undefined ? "is missing" : `is ${kindOf(value)}`;
    this.problems.push({ path: `${this.path}.${field}`, message: `must be ${expected}, but ${found}` });
    return instead;
  }
}

function kindOf(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
