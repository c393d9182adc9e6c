// A parameter file of contracts/networks, checked field by field before anything is sent: what is deployed cannot be changed.
import { readFile } from "node:fs/promises";
import { isAddress } from "viem";

/** Chain id of development nodes. Only there the deployer may stand in for an arbiter. */
export const DEVNET = 31337;

const UINT16 = { most: 2n ** 16n - 1n, isText: false };
const UINT32 = { most: 2n ** 32n - 1n, isText: false };
/** Sums of money, in wei: more than a number of JSON can hold. */
const UINT96 = { most: 2n ** 96n - 1n, isText: true };
const BPS = { most: 10_000n, isText: false };

/** Groups and fields, as the constructors take them. What a number must be beyond its width the constructors check. */
const GROUPS = {
  token: { supply: UINT96 },
  registry: {
    stakePerMillicore: UINT96,
    stakePerMebibyte: UINT96,
    stakePerGpu: UINT96,
    lockBps: BPS,
    unbondingDelay: UINT32,
  },
  market: {
    feeBps: BPS,
    noShowBps: BPS,
    acceptWindow: UINT32,
    startWindow: UINT32,
    rebidWindow: UINT32,
    claimWindow: UINT32,
    minFundedSeconds: UINT32,
    maxBidding: UINT32,
    maxDuration: UINT32,
  },
  distribution: { disputeWindow: UINT32, decisionWindow: UINT32, bondBps: UINT16, minBond: UINT96 },
};

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** What is wrong with a number; undefined when nothing is. */
function numberProblem(value, { most, isText }) {
  const wanted = isText ? `a whole number from 0 to ${most}, in quotes` : `a whole number from 0 to ${most}`;
  const isWhole = isText
    ? typeof value === "string" && /^(0|[1-9]\d*)$/.test(value)
    : Number.isSafeInteger(value) && value >= 0;
  return isWhole && BigInt(value) <= most ? undefined : `must be ${wanted}, but is ${JSON.stringify(value)}`;
}

/**
 * Checks parameters.
 *
 * @param {unknown} network a parameter file, parsed
 * @param {string} file its name, for messages
 * @returns {object} the same
 * @throws {Error} that names every field that is missing, unknown or wrong, and says what it must be
 */
export function checkNetworkParameters(network, file) {
  if (!isObject(network)) {
    throw new Error(`${file} must hold an object, but holds ${JSON.stringify(network)}`);
  }
  const problems = [];
  const missing = (path) => problems.push(`"${path}" is missing`);
  const refuseOthers = (fields, known, prefix) =>
    Object.keys(fields)
      .filter((name) => !known.includes(name))
      .forEach((name) => {
        problems.push(`"${prefix}${name}" is no parameter; there are ${known.join(", ")}`);
      });
  const { chainId, arbiter } = network;
  if (chainId === undefined) {
    missing("chainId");
  } else if (!Number.isSafeInteger(chainId) || chainId < 1) {
    problems.push(`"chainId" must be a whole number from 1, but is ${JSON.stringify(chainId)}`);
  }
  if (arbiter === undefined) {
    missing("arbiter");
  } else if (arbiter === null && chainId !== DEVNET) {
    problems.push(
      '"arbiter" is null: put the address there that decides disputes, a multisig for example. Only on the devnet the deployer stands in for it',
    );
  } else if (arbiter !== null && !(typeof arbiter === "string" && isAddress(arbiter) && BigInt(arbiter) !== 0n)) {
    problems.push(`"arbiter" must be an address, but is ${JSON.stringify(arbiter)}`);
  }
  for (const [group, fields] of Object.entries(GROUPS)) {
    const values = network[group];
    if (!isObject(values)) {
      missing(group);
      continue;
    }
    for (const [name, kind] of Object.entries(fields)) {
      const problem = values[name] === undefined ? undefined : numberProblem(values[name], kind);
      if (values[name] === undefined) {
        missing(`${group}.${name}`);
      } else if (problem !== undefined) {
        problems.push(`"${group}.${name}" ${problem}`);
      }
    }
    refuseOthers(values, Object.keys(fields), `${group}.`);
  }
  refuseOthers(network, ["chainId", "arbiter", ...Object.keys(GROUPS)], "");
  if (problems.length > 0) {
    throw new Error(`${file} cannot be used; nothing was deployed:\n${problems.map((each) => `  ${each}`).join("\n")}`);
  }
  return network;
}

/**
 * Reads and checks a parameter file.
 *
 * @param {string} file
 * @throws {Error} that names the file, and what is wrong with it
 */
export async function readNetworkParameters(file) {
  const text = await readFile(file, "utf8").catch((error) => {
    throw new Error(
      `${file} cannot be read (${error.code ?? error.message}); name a file like contracts/networks/devnet.json`,
    );
  });
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is no JSON: ${error.message}`);
  }
  return checkNetworkParameters(parsed, file);
}
