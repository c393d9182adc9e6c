import { type Address, type Hex, isAddressEqual, recoverMessageAddress } from "viem";
import { createSiweMessage, generateSiweNonce, parseSiweMessage, type SiweMessage } from "viem/siwe";
import type { Description } from "./signing-request";
import { printable, WalletError } from "./wallet-error";

/** For what remote access is asked. */
export interface SignInRequest {
  /** Host, with its port, of the API that is signed in to. */
  readonly host: string;
  /** Deployment to which the access is limited. */
  readonly deployment: string;
  /** How long it is valid, in milliseconds. */
  readonly ms: number;
  /** From the server, so that a message is used once; random when the server gives none. */
  readonly nonce?: string;
}

/** Longest validity of a sign-in, in milliseconds: a day. */
export const LONGEST_SIGN_IN = 86_400_000;
const RESOURCE = "zlayer:deployment:";

/**
 * The message (EIP-4361) by which an account gets access to one deployment at one API for a while.
 *
 * @param now milliseconds since the Unix epoch
 * @throws {WalletError} `invalid-request`
 */
export function signInMessage(request: SignInRequest, account: Address, chainId: number, now = Date.now()): string {
  if (!/^[a-z0-9.-]+(:\d{1,5})?$/i.test(request.host)) {
    throw new WalletError(
      "invalid-request",
      `"${printable(request.host, 80)}" is no host to sign in to. It is a name or an address, and a port.`,
    );
  }
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(request.deployment)) {
    throw new WalletError("invalid-request", `"${printable(request.deployment, 80)}" is no name of a deployment.`);
  }
  if (!(request.ms > 0 && request.ms <= LONGEST_SIGN_IN)) {
    throw new WalletError("invalid-request", "Remote access is given for at most 24 hours at a time.");
  }
  return createSiweMessage({
    domain: request.host,
    address: account,
    statement: `Manage the deployment ${request.deployment} with ZLayer.`,
    uri: `https://${request.host}/`,
    version: "1",
    chainId,
    nonce: request.nonce ?? generateSiweNonce(),
    issuedAt: new Date(now),
    expirationTime: new Date(now + request.ms),
    resources: [`${RESOURCE}${encodeURIComponent(request.deployment)}`],
  });
}

/**
 * Accepts a message for `personal_sign` only if it is a sign-in of this account on this network that ends.
 *
 * @throws {WalletError} `blind-signature`, `wrong-account` or `wrong-chain`
 */
export function parseSignIn(text: string, account: Address, chainId: number): SiweMessage {
  const message = parseSiweMessage(text);
  const { address, domain, uri, version, nonce, issuedAt, expirationTime } = message;
  if (
    address === undefined ||
    domain === undefined ||
    uri === undefined ||
    version !== "1" ||
    nonce === undefined ||
    issuedAt === undefined ||
    expirationTime === undefined
  ) {
    throw new WalletError(
      "blind-signature",
      "Only sign-in messages (EIP-4361) with an end are signed as text. This one is not, so it was not sent to the wallet.",
    );
  }
  const complete: SiweMessage = { ...message, address, domain, uri, version, nonce, chainId: message.chainId ?? 0 };
  if (createSiweMessage(complete) !== text) {
    throw new WalletError(
      "blind-signature",
      "The sign-in message holds more than its fields say. It was not sent to the wallet.",
    );
  }
  if (!isAddressEqual(address, account)) {
    throw new WalletError("wrong-account", `The sign-in is for ${address}, but the wallet uses ${account}.`);
  }
  if (message.chainId !== chainId) {
    throw new WalletError(
      "wrong-chain",
      `The sign-in is for network ${message.chainId}, but the wallet is set to network ${chainId}.`,
    );
  }
  return complete;
}

export function describeSignIn(message: SiweMessage): Description {
  const time = (date: Date): string =>
    date
      .toISOString()
      .replace(/\.\d+Z$/, " UTC")
      .replace("T", " ");
  return {
    title: `Sign in to ${message.domain}`,
    fields: [
      { label: "Statement", value: message.statement ?? "(none)" },
      ...(message.resources ?? []).map((resource) => ({
        label: "Grants access to",
        value: resource.startsWith(RESOURCE)
          ? `the deployment ${decodeURIComponent(resource.slice(RESOURCE.length))}`
          : resource,
      })),
      { label: "Valid until", value: message.expirationTime === undefined ? "for ever" : time(message.expirationTime) },
      { label: "Address", value: message.uri },
    ],
    warnings: [],
  };
}

/** What a server checks before it lets a sign-in pass. */
export interface SignInExpectation {
  readonly host: string;
  readonly deployment: string;
  readonly nonce?: string;
  /** Milliseconds since the Unix epoch. */
  readonly now?: number;
}

/**
 * Checks a signed message.
 *
 * @returns the account that signed
 * @throws {WalletError} `invalid-request`, saying what does not fit; `wrong-account`
 */
export async function verifySignIn(text: string, signature: Hex, expected: SignInExpectation): Promise<Address> {
  const message = parseSiweMessage(text);
  const now = expected.now ?? Date.now();
  const fail = (why: string): never => {
    throw new WalletError("invalid-request", `The sign-in is not valid: ${why}.`);
  };
  if (message.address === undefined || message.domain !== expected.host) {
    return fail(`it is for ${message.domain ?? "no host"}, not for ${expected.host}`);
  }
  if (expected.nonce !== undefined && message.nonce !== expected.nonce) {
    fail("its nonce is not the one that was given");
  }
  if (message.expirationTime === undefined || message.expirationTime.getTime() <= now) {
    fail("it has expired");
  }
  if (message.issuedAt === undefined || message.issuedAt.getTime() > now + 60_000) {
    fail("it is from the future; the clocks differ");
  }
  if (message.notBefore !== undefined && message.notBefore.getTime() > now) {
    fail("it is not valid yet");
  }
  if (!message.resources?.includes(`${RESOURCE}${encodeURIComponent(expected.deployment)}`)) {
    fail(`it gives no access to the deployment ${expected.deployment}`);
  }
  const signer = await recoverMessageAddress({ message: text, signature });
  if (!isAddressEqual(signer, message.address)) {
    throw new WalletError("wrong-account", `The sign-in of ${message.address} was signed by ${signer}.`);
  }
  return message.address;
}
