import {
  type Abi,
  type AbiFunction,
  type Address,
  decodeFunctionData,
  erc20Abi,
  type Hex,
  isAddressEqual,
  toFunctionSelector,
} from "viem";
import { computeMarketAbi, nodeRegistryAbi, ottAbi, rewardDistributionAbi } from "../market/contracts";
import type { Description, SigningField } from "./signing-request";
import {
  addressText,
  type DescribeContext,
  decimal,
  UNLIMITED,
  unlimitedAllowance,
  valueText,
  words,
} from "./typed-data";
import { WalletError } from "./wallet-error";

const ABIS: readonly Abi[] = [computeMarketAbi, nodeRegistryAbi, rewardDistributionAbi, ottAbi, erc20Abi];

export interface TransactionCall {
  readonly to: Address | undefined;
  readonly data: Hex;
  /** Wei. */
  readonly value: bigint;
}

/**
 * A transaction as a user reads it: the function that it calls, with its arguments.
 *
 * @throws {WalletError} `blind-signature` for a call that cannot be read, `unlimited-allowance`
 */
export function describeTransaction(call: TransactionCall, context: DescribeContext, currency: string): Description {
  const { to, data, value } = call;
  if (to === undefined) {
    throw new WalletError(
      "blind-signature",
      "The transaction would create a contract. ZLayer asks a wallet for no such thing.",
    );
  }
  const sent: SigningField[] = value > 0n ? [{ label: "Sends", value: `${decimal(value, 18)} ${currency}` }] : [];
  if (data === "0x") {
    return {
      title: `Send ${decimal(value, 18)} ${currency}`,
      fields: [{ label: "To", value: addressText(to, context) }],
      warnings: [],
    };
  }
  const { item, args } = decode(data);
  if (item.name === "approve" && typeof args[1] === "bigint" && args[1] >= UNLIMITED) {
    throw unlimitedAllowance();
  }
  if (item.name === "permit" && args.some((argument) => typeof argument === "bigint" && argument >= UNLIMITED)) {
    throw unlimitedAllowance();
  }
  const isToken = context.token !== undefined && isAddressEqual(to, context.token.address);
  const fields = item.inputs.flatMap((input, index) => argumentFields(input, args[index], [], context, isToken));
  return {
    title: words(item.name),
    fields: [...fields, ...sent, { label: "Contract", value: addressText(to, context) }],
    warnings: [],
  };
}

function decode(data: Hex): { item: AbiFunction; args: readonly unknown[] } {
  const selector = data.slice(0, 10);
  for (const abi of ABIS) {
    const item = abi.find(
      (entry): entry is AbiFunction => entry.type === "function" && toFunctionSelector(entry) === selector,
    );
    if (item !== undefined) {
      try {
        const { args } = decodeFunctionData({ abi: [item], data });
        return { item, args: args ?? [] };
      } catch {
        // A function of the same name with other arguments may fit.
      }
    }
  }
  throw new WalletError(
    "blind-signature",
    `The transaction calls a function that ZLayer does not know (${selector}), so that it cannot say what would be signed. It was not sent to the wallet.`,
  );
}

interface AbiInput {
  readonly name?: string | undefined;
  readonly type: string;
  readonly components?: readonly AbiInput[];
}

function argumentFields(
  input: AbiInput,
  value: unknown,
  path: readonly string[],
  context: DescribeContext,
  isToken: boolean,
): SigningField[] {
  const name = (input.name ?? "").replace(/_+$/, "");
  const at = [...path, words(name || "value")];
  if (input.type === "tuple" && typeof value === "object" && value !== null) {
    const struct = value as Record<string, unknown>;
    return (input.components ?? []).flatMap((part) =>
      argumentFields(part, struct[part.name ?? ""], at, context, isToken),
    );
  }
  const item = /^(.+)\[\d*\]$/.exec(input.type)?.[1];
  if (item !== undefined && Array.isArray(value)) {
    const elements: readonly unknown[] = value;
    return elements.length === 0
      ? [{ label: at.join(" › "), value: "none" }]
      : elements.flatMap((element, index) =>
          argumentFields({ ...input, type: item, name: String(index + 1) }, element, at, context, isToken),
        );
  }
  return [{ label: at.join(" › "), value: valueText(input.type, name, value, context, isToken) }];
}
