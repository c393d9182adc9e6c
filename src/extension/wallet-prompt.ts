import { ProgressLocation, window } from "vscode";
import { money } from "../bridge/market/words";
import type { SigningPrompt, SigningRequest } from "../bridge/wallet/signing-request";

/** Shows what will be signed in a dialog, and then that the wallet is waited for. */
export const walletPrompt: SigningPrompt = {
  confirm: async (request) => {
    const accept = request.kind === "transaction" ? "Continue" : "Sign";
    const chosen = await window.showInformationMessage(
      request.title,
      { modal: true, detail: detailOf(request) },
      accept,
    );
    return chosen === accept;
  },
  waiting: (request, answered) => {
    if (request.via === "devnet") {
      return undefined;
    }
    const abort = new AbortController();
    void window.withProgress(
      {
        location: ProgressLocation.Notification,
        title: `“${request.title}”: open ${request.wallet} and confirm it there.`,
        cancellable: true,
      },
      (_, token) => {
        token.onCancellationRequested(() => abort.abort());
        return answered;
      },
    );
    return abort.signal;
  },
};

/** What a request does, for whom, where, and what it costs, one line each. */
export function detailOf(request: SigningRequest): string {
  const { fields, warnings, account, network, wallet, via, costWei } = request;
  const lines = [
    ...warnings.map((warning) => `⚠ ${warning}`),
    ...fields.map(({ label, value }) => `${label}: ${value}`),
    "",
    `Account: ${account}`,
    `Network: ${network}`,
    ...(costWei === undefined ? [] : [`Costs at most: ${money(costWei, request.currency)}`]),
    "",
    via === "devnet"
      ? "It is signed on this machine with a devnet account."
      : `${wallet} shows it next; it is sent only if you confirm it there.`,
  ];
  return lines.join("\n");
}
