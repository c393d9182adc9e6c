import { describe, expect, it } from "vitest";
import { WalletError } from "./wallet-error";
import { pairingLink, parsePairingUri, parseReturnLink, walletLink } from "./wallet-link";

const topic = "7f".repeat(32);
const key = "5a".repeat(32);
const uri = `wc:${topic}@2?relay-protocol=irn&symKey=${key}&expiryTimestamp=1900000000`;

describe("a pairing's link", () => {
  it("says its topic and when it ends", () => {
    expect(parsePairingUri(uri)).toEqual({ topic, expiresAt: 1_900_000_000_000 });
  });

  it.each([
    ["", "does not have the form"],
    ["https://example.com", "does not have the form"],
    [`wc:${topic}`, "does not have the form"],
    [uri.replace("@2", "@1"), 'its version is "1"'],
    [uri.replace(topic, "xyz"), "its topic"],
    [uri.replace(key, key.slice(2)), "its symKey"],
    [uri.replace("irn", "waku"), "its relay-protocol"],
    [uri.replace("1900000000", "soon"), "its expiryTimestamp"],
    [`${uri}&x=${"y".repeat(3_000)}`, "characters"],
  ])("is refused when it is malformed: %s", (text, why) => {
    expect(() => parsePairingUri(text)).toThrow(why);
    expect(() => pairingLink(text)).toThrow(WalletError);
  });

  it("never shows its key when it is refused", () => {
    for (const text of [uri.replace("@2", "@1"), uri.replace("irn", "waku")]) {
      expect(() => parsePairingUri(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(key) }),
      );
    }
  });

  it("opens in a wallet by its universal link or its scheme", () => {
    expect(pairingLink(uri)).toBe(uri);
    expect(pairingLink(uri, "https://wallet.example/")).toBe(
      `https://wallet.example/wc?uri=${encodeURIComponent(uri)}`,
    );
    expect(pairingLink(uri, "ledgerlive:")).toBe(`ledgerlive://wc?uri=${encodeURIComponent(uri)}`);
  });

  it.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "command:run",
    "vscode://x/y",
    "http://wallet.example",
    "https://a:b@c",
    "wallet",
    " ",
  ])("is not opened by %s", (prefix) => {
    expect(() => walletLink(prefix)).toThrow(WalletError);
  });
});

describe("a link back to the editor", () => {
  it("shows the wallet and can do nothing else", () => {
    expect(parseReturnLink("/wallet", "requestId=1")).toBe("show-wallet");
    expect(parseReturnLink("/wallet/", "")).toBe("show-wallet");
    for (const path of ["", "/", "/deploy", "/wallet/connect", "//wallet"]) {
      expect(() => parseReturnLink(path, "")).toThrow(WalletError);
    }
    expect(() => parseReturnLink("/wallet", "x".repeat(3_000))).toThrow("too long");
  });
});
