import { type Disposable, window } from "vscode";
import { parseReturnLink } from "../bridge/wallet/wallet-link";
import { reportError } from "./report";
import type { ZLayerContext } from "./zlayer-context";

/** Opens what a link such as `vscode://zlayer.zlayer/wallet` asks for. Anybody can make such a link: it shows something and does nothing. */
export function handleLinks(context: ZLayerContext): Disposable {
  return window.registerUriHandler({
    handleUri: async ({ path, query }) => {
      try {
        parseReturnLink(path, query);
        await context.panels.openWallet();
      } catch (error) {
        reportError("The link was not opened", error);
      }
    },
  });
}
