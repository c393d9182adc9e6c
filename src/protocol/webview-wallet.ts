import * as v from "valibot";
import { count, shortText } from "./webview-message";

const address = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{40}$/));
const hash = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{64}$/));

/** A connected wallet, as the panel shows it. */
export const walletSessionView = v.strictObject({
  via: v.picklist(["walletconnect", "devnet"]),
  wallet: shortText,
  accounts: v.pipe(v.array(address), v.minLength(1), v.maxLength(100)),
  account: address,
  chainId: count,
  /** Networks of the settings; one that the wallet did not allow cannot be chosen. */
  networks: v.array(v.strictObject({ chainId: count, name: shortText, allowed: v.boolean() })),
  /** Whether the wallet gave a link by which it can be opened. */
  opens: v.boolean(),
  /** Milliseconds since the Unix epoch; `null` when it does not end. */
  expiresAt: v.nullable(count),
});
export type WalletSessionView = v.InferOutput<typeof walletSessionView>;

export const walletConnectionView = v.variant("kind", [
  v.strictObject({
    kind: v.literal("disconnected"),
    /** Why there is no wallet, for the user; empty when none was used yet. */
    message: shortText,
    failed: v.boolean(),
    /** What keeps WalletConnect from being used; empty when nothing does. */
    notConfigured: shortText,
    /** What keeps the devnet's accounts from being used; empty when nothing does. */
    noDevnet: shortText,
  }),
  v.strictObject({ kind: v.literal("starting"), message: shortText }),
  v.strictObject({
    kind: v.literal("pairing"),
    /** For the QR code. */
    uri: v.pipe(v.string(), v.startsWith("wc:"), v.maxLength(2_048)),
    /** Milliseconds since the Unix epoch. */
    expiresAt: count,
    /** Wallets that can be opened by a link. */
    wallets: v.array(shortText),
  }),
  v.strictObject({ kind: v.literal("connected"), session: walletSessionView }),
  v.strictObject({
    kind: v.literal("unreachable"),
    message: shortText,
    /** Milliseconds since the Unix epoch. */
    since: count,
    session: v.nullable(walletSessionView),
  }),
]);
export type WalletConnectionView = v.InferOutput<typeof walletConnectionView>;

export const walletSpender = v.picklist(["market", "registry", "distribution"]);

export const walletBalancesView = v.variant("kind", [
  v.strictObject({ kind: v.literal("none") }),
  v.strictObject({ kind: v.literal("loading") }),
  v.strictObject({
    kind: v.literal("ready"),
    native: shortText,
    ott: shortText,
    /** What is needed first: a remark about an empty account; empty when there is nothing to say. */
    hint: shortText,
    /** Whether the network gives money away: the devnet. */
    gives: v.boolean(),
    /** Those that are not zero. */
    allowances: v.array(v.strictObject({ spender: walletSpender, title: shortText, amount: shortText })),
  }),
  v.strictObject({ kind: v.literal("failed"), message: shortText }),
]);
export type WalletBalancesView = v.InferOutput<typeof walletBalancesView>;

export const walletTransactionView = v.strictObject({
  hash,
  title: shortText,
  network: shortText,
  /** Milliseconds since the Unix epoch. */
  sentAt: count,
  state: v.picklist(["pending", "confirmed", "failed", "replaced", "dropped"]),
  /** What became of it, or what it waits for. */
  note: shortText,
  /** In the network's currency; empty while it is not known. */
  cost: shortText,
  fields: v.array(v.strictObject({ label: v.string(), value: v.string() })),
});
export type WalletTransactionView = v.InferOutput<typeof walletTransactionView>;

/** From the extension host to the wallet panel: everything that it shows. */
export const walletHostMessage = v.variant("type", [
  v.strictObject({
    type: v.literal("state"),
    connection: walletConnectionView,
    balances: walletBalancesView,
    transactions: v.pipe(v.array(walletTransactionView), v.maxLength(500)),
    /** What is being done for the user right now; empty when nothing is. */
    busy: shortText,
  }),
]);
export type WalletHostMessage = v.InferOutput<typeof walletHostMessage>;

/** From the wallet panel to the extension host. */
export const walletViewMessage = v.variant("type", [
  /** The panel was (re)created and shows nothing. */
  v.strictObject({ type: v.literal("ready") }),
  v.strictObject({ type: v.literal("connect") }),
  v.strictObject({ type: v.literal("cancel") }),
  v.strictObject({ type: v.literal("devnet"), accounts: v.picklist(["well-known", "own"]) }),
  v.strictObject({ type: v.literal("disconnect") }),
  /** Put the pairing's link on the clipboard. */
  v.strictObject({ type: v.literal("copyLink") }),
  /** Open the pairing in a wallet: one of the list, or whichever the system has (`null`). */
  v.strictObject({ type: v.literal("openLink"), wallet: v.nullable(count) }),
  /** Open the connected wallet. */
  v.strictObject({ type: v.literal("openWallet") }),
  v.strictObject({ type: v.literal("switchAccount"), account: address }),
  v.strictObject({ type: v.literal("switchNetwork"), chainId: count }),
  v.strictObject({ type: v.literal("copyAddress") }),
  v.strictObject({ type: v.literal("copyHash"), hash }),
  v.strictObject({ type: v.literal("refresh") }),
  /** Give the account money of the devnet. */
  v.strictObject({ type: v.literal("fund") }),
  v.strictObject({ type: v.literal("revoke"), spender: walletSpender }),
  v.strictObject({ type: v.literal("clearTransactions") }),
  v.strictObject({ type: v.literal("settings") }),
  /** The panel dropped a message that did not match its schema. */
  v.strictObject({ type: v.literal("problem"), problem: shortText }),
]);
export type WalletViewMessage = v.InferOutput<typeof walletViewMessage>;

/** What the panel keeps across a tab switch and a reload of the window. */
export const walletViewState = v.object({
  /** Hashes of the transactions whose fields are shown. */
  open: v.pipe(v.array(hash), v.maxLength(500)),
  scroll: v.number(),
});
export type WalletViewState = v.InferOutput<typeof walletViewState>;
