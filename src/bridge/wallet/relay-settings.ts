import { WalletError } from "./wallet-error";

/** The relay that the project behind WalletConnect runs. It asks for a project id. */
export const PUBLIC_RELAY = "wss://relay.walletconnect.org";

/** Stands for no project at a relay of one's own. */
const NO_PROJECT = "0".repeat(32);

/**
 * Checks the settings of the relay.
 *
 * @throws {WalletError} `not-configured`, naming the setting
 */
export function relaySettings(settings: { readonly projectId: string; readonly relayUrl: string }): {
  readonly projectId: string;
  readonly relayUrl: string;
} {
  const relayUrl = settings.relayUrl.trim() || PUBLIC_RELAY;
  const url = URL.canParse(relayUrl) ? new URL(relayUrl) : undefined;
  const isLocal = url !== undefined && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url === undefined || !(url.protocol === "wss:" || (url.protocol === "ws:" && isLocal))) {
    throw new WalletError(
      "not-configured",
      `The setting zlayer.wallet.relayUrl is "${relayUrl.slice(0, 80)}". It must be the address of a relay that begins with wss:// (ws:// is for this machine only).`,
    );
  }
  const projectId = settings.projectId.trim();
  if (projectId !== "" && !/^[0-9a-f]{32}$/i.test(projectId)) {
    throw new WalletError(
      "not-configured",
      "The setting zlayer.wallet.projectId is no project id: it has 32 hexadecimal digits. Copy it from your project at https://dashboard.reown.com.",
    );
  }
  if (projectId === "" && /(^|\.)(walletconnect|reown)\.(org|com)$/.test(url.hostname)) {
    throw new WalletError(
      "not-configured",
      "The public WalletConnect relay asks for a project id, and the setting zlayer.wallet.projectId is empty. Make a project at https://dashboard.reown.com (it is free) and copy its id, or set a relay of your own.",
    );
  }
  return { projectId: projectId || NO_PROJECT, relayUrl };
}
