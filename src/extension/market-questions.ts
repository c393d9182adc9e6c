import { isHex } from "viem";
import { window } from "vscode";
import { duration, ott } from "../bridge/market/words";
import type { DeskQuestions } from "../bridge/market-desk/market-desk";

/** Asks the user of this window. */
export const deskQuestions: DeskQuestions = {
  nodeReceipt: async (job) => {
    const text = await window.showInputBox({
      title: `Settle job #${job.id}`,
      prompt: "Paste the receipt that the node signed (JSON). It is checked before your side signs it.",
      ignoreFocusOut: true,
      validateInput: (value) => (parses(value) ? undefined : "This is no JSON. Copy the whole receipt, from { to }."),
    });
    return text === undefined ? undefined : JSON.parse(text);
  },
  extensionSignature: async (job, maxDuration) => {
    const text = await window.showInputBox({
      title: `Extend job #${job.id} to ${duration(maxDuration)}`,
      prompt: `Paste the node's signature under a longest time of ${maxDuration} s (0x and 130 hexadecimal digits).`,
      ignoreFocusOut: true,
      validateInput: (value) => (isSignature(value) ? undefined : "A signature has 0x and 130 hexadecimal digits."),
    });
    return text !== undefined && isSignature(text) ? text : undefined;
  },
  confirmReceipt: async (job, amount, usedSeconds) => {
    const sign = "Sign and Settle";
    const detail = `The node used ${duration(usedSeconds)} and asks for ${ott(amount)}. The rest comes back to you. This cannot be undone.`;
    return (await window.showInformationMessage(`Settle job #${job.id}?`, { modal: true, detail }, sign)) === sign;
  },
};

function isSignature(text: string): text is `0x${string}` {
  return isHex(text) && text.length === 132;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
