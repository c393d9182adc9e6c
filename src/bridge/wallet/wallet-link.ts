import { WalletError } from "./wallet-error";

/** A pairing URI of WalletConnect version 2 (EIP-1328), taken apart. */
export interface PairingUri {
  /** 32 bytes, hexadecimal. */
  readonly topic: string;
  /** When it stops being valid, in milliseconds since the Unix epoch; absent when the URI does not say. */
  readonly expiresAt?: number;
}

/** Longest link that is looked at, in characters. */
const LONGEST = 2_048;
const HEX_32 = /^[0-9a-f]{64}$/i;

/**
 * Checks a pairing URI. The key in it is never part of an error.
 *
 * @throws {WalletError} `invalid-link`, saying what is wrong with it
 */
export function parsePairingUri(text: string): PairingUri {
  const fail = (why: string): never => {
    throw new WalletError(
      "invalid-link",
      `This is no WalletConnect link: ${why}. Start the pairing again for a new one.`,
    );
  };
  if (text.length > LONGEST) {
    fail(`it has ${text.length} characters, at most ${LONGEST} are possible`);
  }
  const match = /^wc:(?:\/\/)?([^@?]*)@([^?]*)\?(.*)$/.exec(text);
  if (match === null) {
    return fail("it does not have the form wc:TOPIC@2?KEY");
  }
  const [, topic = "", version = "", query = ""] = match;
  if (version !== "2") {
    fail(`its version is "${version.slice(0, 10)}", only version 2 is supported`);
  }
  if (!HEX_32.test(topic)) {
    fail("its topic is not 64 hexadecimal digits");
  }
  const parameters = new URLSearchParams(query);
  if (!HEX_32.test(parameters.get("symKey") ?? "")) {
    fail("its symKey is not 64 hexadecimal digits");
  }
  if (parameters.get("relay-protocol") !== "irn") {
    fail("its relay-protocol is not irn");
  }
  const expiry = parameters.get("expiryTimestamp");
  if (expiry !== null && !/^\d{1,12}$/.test(expiry)) {
    fail("its expiryTimestamp is not a number of seconds");
  }
  return { topic: topic.toLowerCase(), ...(expiry !== null && { expiresAt: Number(expiry) * 1_000 }) };
}

/** Schemes that do something else than open a wallet. */
const REFUSED = new Set([
  "about:",
  "blob:",
  "chrome:",
  "command:",
  "data:",
  "file:",
  "ftp:",
  "http:",
  "javascript:",
  "mailto:",
  "ssh:",
  "vbscript:",
  "vscode:",
  "vscode-insiders:",
  "ws:",
  "wss:",
]);

/**
 * Checks the prefix of links that open a wallet: `https://` of its universal link, or a scheme of its own such as `metamask:`.
 * What a session's peer gives as its link is checked like what the user wrote.
 *
 * @throws {WalletError} `invalid-link`
 */
export function walletLink(prefix: string): string {
  const text = prefix.trim();
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new WalletError(
      "invalid-link",
      `"${text.slice(0, 60)}" opens no wallet: it is not a link. Use the wallet's own, for example metamask: or https://wallet.example.`,
      { cause: error },
    );
  }
  if (text.length > LONGEST || REFUSED.has(url.protocol) || url.username !== "" || url.password !== "") {
    throw new WalletError(
      "invalid-link",
      `"${text.slice(0, 60)}" opens no wallet: links with ${url.protocol} are refused. Use https: or the wallet's own scheme.`,
    );
  }
  return text;
}

/** Wallets whose deep links are known, with the prefix that their documentation gives. */
export const KNOWN_WALLETS: readonly { readonly name: string; readonly link: string }[] = [
  { name: "MetaMask", link: "https://metamask.app.link" },
  { name: "Rainbow", link: "https://rnbwapp.com" },
  { name: "Trust Wallet", link: "https://link.trustwallet.com" },
  { name: "Ledger Live", link: "ledgerlive:" },
];

/**
 * The link that opens a pairing in a wallet: the URI itself for whichever wallet the system has for `wc:`, or
 * `PREFIX/wc?uri=…`.
 *
 * @throws {WalletError} `invalid-link`
 */
export function pairingLink(uri: string, prefix?: string): string {
  parsePairingUri(uri);
  if (prefix === undefined) {
    return uri;
  }
  const link = walletLink(prefix).replace(/\/+$/, "");
  const base = link.endsWith(":") ? `${link}//wc` : `${link}/wc`;
  return `${base}?uri=${encodeURIComponent(uri)}`;
}

/**
 * What a link that a wallet opened in the editor asks for. Such links come from anywhere, so they can show something and do
 * nothing else.
 *
 * @param path and @param query of the link, without its scheme and authority
 * @throws {WalletError} `invalid-link`
 */
export function parseReturnLink(path: string, query: string): "show-wallet" {
  if (path.replace(/\/$/, "") !== "/wallet") {
    throw new WalletError(
      "invalid-link",
      `ZLayer has nothing to show for "${path.slice(0, 60)}". It knows /wallet only.`,
    );
  }
  // Wallets add parameters of their own; none of them means anything here.
  if (query.length > LONGEST) {
    throw new WalletError(
      "invalid-link",
      `A link to the wallet has ${query.length} characters after "?", which is too long.`,
    );
  }
  return "show-wallet";
}
