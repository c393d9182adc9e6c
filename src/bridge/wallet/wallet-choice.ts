import * as v from "valibot";
import { type Address, isAddress } from "viem";
import type { SecretStore } from "./secret-store";

const KEY = "zlayer.wallet.choice";

const walletChoice = v.strictObject({
  via: v.picklist(["walletconnect", "devnet"]),
  devnet: v.exactOptional(v.picklist(["well-known", "own"])),
  account: v.exactOptional(v.custom<Address>((value) => typeof value === "string" && isAddress(value))),
  chainId: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
});

/** Which wallet is connected, and what of it is used. */
export type WalletChoice = v.InferOutput<typeof walletChoice>;

/** What was kept; nothing when it cannot be read. */
export async function readChoice(secrets: SecretStore): Promise<WalletChoice | undefined> {
  try {
    const parsed = v.safeParse(walletChoice, JSON.parse((await secrets.get(KEY)) ?? "null"));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

export async function keepChoice(secrets: SecretStore, choice: WalletChoice | undefined): Promise<void> {
  await (choice === undefined ? secrets.delete(KEY) : secrets.store(KEY, JSON.stringify(choice)));
}
