import { isHex } from "viem";
import { env, window } from "vscode";
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
  signedReceipt: async (job) => {
    const text = await window.showInputBox({
      title: `Settle job #${job.id}`,
      prompt: "Paste the receipt that the developer signed too (JSON). It is checked before it is sent.",
      ignoreFocusOut: true,
      validateInput: (value) => (parses(value) ? undefined : "This is no JSON. Copy the whole receipt, from { to }."),
    });
    return text === undefined ? undefined : JSON.parse(text);
  },
  handOver: async (what, to, text) => {
    await env.clipboard.writeText(text);
    const again = "Copy Again";
    // Not waited for: the work is done, whatever becomes of the notice.
    void window.showInformationMessage(`${what} is on the clipboard. Send it to ${to}.`, again).then((chosen) => {
      if (chosen === again) {
        void env.clipboard.writeText(text);
      }
    });
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
  confirmReceipt: async (job, { amount, usedSeconds, isFinal }, purpose) => {
    const sign = purpose === "settle" ? "Sign and Settle" : "Sign";
    const after =
      purpose === "settle"
        ? "The rest comes back to you."
        : isFinal
          ? "It is the last receipt: whoever has it can settle the job with it."
          : "The node can settle the job with it, until a later one is signed.";
    const detail = `The node says that ${duration(usedSeconds)} were used, and asks for ${ott(amount)}. ${after} This cannot be undone.`;
    const question = purpose === "settle" ? `Settle job #${job.id}?` : `Sign a receipt of job #${job.id}?`;
    return (await window.showInformationMessage(question, { modal: true, detail }, sign)) === sign;
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
