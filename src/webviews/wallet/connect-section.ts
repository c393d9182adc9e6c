import type { WalletConnectionView, WalletViewMessage } from "../../protocol/webview-wallet";
import { dropdown, el, icon } from "../shared/dom";
import { button, notice } from "./controls";
import { qrCode } from "./qr-code";

type Post = (message: WalletViewMessage) => void;
type Disconnected = Extract<WalletConnectionView, { kind: "disconnected" }>;
type Pairing = Extract<WalletConnectionView, { kind: "pairing" }>;

/** What stands where no wallet is connected: how to connect one. */
export function disconnectedView(connection: Disconnected, post: Post): Node[] {
  const { message, failed, notConfigured, noDevnet } = connection;
  return [
    ...(message === "" ? [] : [notice(failed ? "error" : "info", message)]),
    el(
      "div",
      { class: "choices" },
      el(
        "section",
        { class: "card" },
        el("h2", {}, icon("device-mobile"), "Your wallet"),
        el(
          "p",
          {},
          "Scan a QR code with the wallet on your phone, or open it on this machine. Your keys stay in the wallet: it shows and signs each transaction.",
        ),
        ...(notConfigured === "" ? [] : [notice("warning", notConfigured)]),
        el(
          "div",
          { class: "buttons" },
          button("Connect wallet", () => post({ type: "connect" }), {
            key: "connect",
            icon: "plug",
            primary: true,
            disabled: notConfigured !== "",
          }),
          ...(notConfigured === ""
            ? []
            : [button("Open settings", () => post({ type: "settings" }), { key: "settings" })]),
        ),
      ),
      el(
        "section",
        { class: "card" },
        el("h2", {}, icon("beaker"), "Devnet account"),
        el(
          "p",
          {},
          "For trying things out on a devnet of this machine. It signs here, without a wallet, and is refused on every other network.",
        ),
        ...(noDevnet === "" ? [] : [notice("info", noDevnet)]),
        el(
          "div",
          { class: "buttons" },
          button("Use a funded account", () => post({ type: "devnet", accounts: "well-known" }), {
            key: "well-known",
            disabled: noDevnet !== "",
          }),
          button("Use a key of this machine", () => post({ type: "devnet", accounts: "own" }), {
            key: "own",
            disabled: noDevnet !== "",
          }),
        ),
      ),
    ),
  ];
}

/** A wait with its reason. */
export function waitingView(message: string, post: Post): Node[] {
  return [
    el(
      "div",
      { class: "waiting", role: "status" },
      el("vscode-progress-ring", { "aria-label": "Waiting" }),
      el("p", {}, message),
      button("Cancel", () => post({ type: "cancel" }), { key: "cancel" }),
    ),
  ];
}

/** The QR code and the other ways to a wallet. */
export function pairingView(connection: Pairing, countdown: HTMLElement, post: Post): Node[] {
  const choices = [
    { value: "", label: "Wallet of this system" },
    ...connection.wallets.map((name, index) => ({ value: String(index), label: name })),
  ];
  let chosen = "";
  const { element: picker } = dropdown("Wallet to open", choices, chosen, (value) => {
    chosen = value;
  });
  return [
    el(
      "section",
      { class: "card pairing" },
      el("h2", {}, icon("device-mobile"), "Scan with your wallet"),
      qrCode(connection.uri, "QR code that connects a wallet. Use Copy link or Open wallet when you cannot scan it."),
      countdown,
      el(
        "ol",
        { class: "steps" },
        el("li", {}, "Open your wallet and choose to scan, or to connect by WalletConnect."),
        el("li", {}, "Point it at the code, or paste the link."),
        el("li", {}, "Check that it names ZLayer for VS Code, and approve."),
      ),
      el(
        "div",
        { class: "buttons" },
        button("Copy link", () => post({ type: "copyLink" }), { key: "copy-link", icon: "copy", primary: true }),
        el(
          "span",
          { class: "joined" },
          picker,
          button("Open wallet", () => post({ type: "openLink", wallet: chosen === "" ? null : Number(chosen) }), {
            key: "open-link",
            icon: "link-external",
          }),
        ),
        button("Cancel", () => post({ type: "cancel" }), { key: "cancel" }),
      ),
      el("p", { class: "hint" }, "Whoever has the link can connect in your place until it expires: do not share it."),
    ),
  ];
}
