import { type Address, getAddress, isAddressEqual, isHex, type TypedDataDomain } from "viem";
import type { Description, SigningField } from "./signing-request";
import { WalletError } from "./wallet-error";

export interface TypedDataField {
  readonly name: string;
  readonly type: string;
}

/** An EIP-712 message that was checked: everything in it is signed, and everything signed is in it. */
export interface TypedData {
  readonly domain: TypedDataDomain;
  readonly types: Readonly<Record<string, readonly TypedDataField[]>>;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** What is known about addresses and amounts in a message. */
export interface DescribeContext {
  /** Names of contracts and accounts. */
  readonly names?: ReadonlyMap<Address, string>;
  readonly token?: { readonly address: Address; readonly symbol: string; readonly decimals: number };
}

/** An allowance of this much or more, in the token's smallest unit, counts as unlimited: no supply is as large. */
export const UNLIMITED = 2n ** 128n;

const LONGEST = 65_536;
const DEEPEST = 8;
const MOST_FIELDS = 200;
/** Names of fields that hold a time in seconds since the Unix epoch. */
const TIMES = /^(deadline|expiry|expiration|expires(at)?|valid(until|to|from|before|after))$/i;
const AMOUNTS = /^(value|amount|escrow|payout|reward|stake|bond)$/i;

/**
 * Checks an EIP-712 message as `eth_signTypedData_v4` takes it: well formed, for the asked network, without fields that would not be
 * signed.
 *
 * @param input the object, or its JSON
 * @throws {WalletError} `invalid-request` or `wrong-chain`
 */
export function parseTypedData(input: unknown, chainId: number): TypedData {
  const text =
    typeof input === "string"
      ? input
      : JSON.stringify(input, (_, value) => (typeof value === "bigint" ? String(value) : value));
  if (text === undefined || text.length > LONGEST) {
    throw invalid(`it is larger than ${LONGEST} characters`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw invalid("it is not JSON", error);
  }
  if (!isRecord(data) || !isRecord(data["types"]) || !isRecord(data["domain"]) || !isRecord(data["message"])) {
    throw invalid("it needs the objects domain, types and message");
  }
  const types: Record<string, readonly TypedDataField[]> = {};
  for (const [name, fields] of Object.entries(data["types"])) {
    if (!Array.isArray(fields) || !fields.every(isField)) {
      throw invalid(`its type ${name} is not a list of names and types`);
    }
    types[name] = fields;
  }
  const { primaryType, domain, message } = data;
  if (typeof primaryType !== "string" || primaryType === "EIP712Domain" || types[primaryType] === undefined) {
    throw invalid("its primaryType is not one of its types");
  }
  const named = domain["chainId"];
  if (named === undefined) {
    throw invalid("its domain names no chainId, so that it could be used on every network");
  }
  if (Number(named) !== chainId) {
    throw new WalletError(
      "wrong-chain",
      `The message is for network ${String(named)}, but the wallet is set to network ${chainId}. Switch the network and try again.`,
    );
  }
  const result: TypedData = { domain: { ...domain, chainId } as TypedDataDomain, types, primaryType, message };
  checkStruct(result, primaryType, message, primaryType, 0);
  return result;
}

/** The message's fields as a user reads them, with its domain. Nothing that is signed is left out. */
export function describeTypedData(data: TypedData, context: DescribeContext = {}): Description {
  const fields: SigningField[] = [];
  const warnings: string[] = [];
  describeStruct(data, data.primaryType, data.message, [], fields, context);
  const { name, version, verifyingContract } = data.domain;
  if (name !== undefined) {
    fields.push({ label: "For", value: version === undefined ? name : `${name}, version ${version}` });
  }
  if (verifyingContract !== undefined) {
    fields.push({ label: "Contract", value: addressText(verifyingContract, context) });
  } else if (data.primaryType !== "MeshKey") {
    warnings.push("The message names no contract.");
  }
  return { title: `Sign “${words(data.primaryType)}”`, fields, warnings };
}

/**
 * Refuses a permit (EIP-2612) that would let somebody spend everything for ever.
 *
 * @throws {WalletError} `unlimited-allowance`
 */
export function requireExactPermit(data: TypedData): void {
  const { value } = data.message;
  if (/permit/i.test(data.primaryType) && isNumeric(value) && BigInt(value) >= UNLIMITED) {
    throw unlimitedAllowance();
  }
}

export function unlimitedAllowance(): WalletError {
  return new WalletError(
    "unlimited-allowance",
    "This would allow a contract to spend all tokens, now and later. ZLayer signs exact allowances only: name the amount that is needed.",
  );
}

function checkStruct(data: TypedData, type: string, value: unknown, path: string, depth: number): void {
  const fields = data.types[type] ?? [];
  if (depth > DEEPEST) {
    throw invalid(`it is nested deeper than ${DEEPEST} levels`);
  }
  if (!isRecord(value)) {
    throw invalid(`${path} is not an object`);
  }
  for (const key of Object.keys(value)) {
    if (!fields.some(({ name }) => name === key)) {
      throw invalid(`${path}.${key} is not part of what is signed`);
    }
  }
  for (const { name, type: fieldType } of fields) {
    const at = `${path}.${name}`;
    if (!(name in value)) {
      throw invalid(`${at} is missing`);
    }
    checkValue(data, fieldType, value[name], at, depth + 1);
  }
}

function checkValue(data: TypedData, type: string, value: unknown, path: string, depth: number): void {
  const item = /^(.+)\[(\d*)\]$/.exec(type);
  if (item !== null) {
    const [, itemType = "", length = ""] = item;
    if (!Array.isArray(value) || value.length > MOST_FIELDS || (length !== "" && value.length !== Number(length))) {
      throw invalid(`${path} is not a list of the type ${type} with at most ${MOST_FIELDS} items`);
    }
    for (const [index, element] of value.entries()) {
      checkValue(data, itemType, element, `${path}[${index}]`, depth + 1);
    }
  } else if (data.types[type] !== undefined) {
    checkStruct(data, type, value, path, depth);
  } else if (!isOfType(type, value)) {
    throw invalid(`${path} is not a value of the type ${type}`);
  }
}

function isOfType(type: string, value: unknown): boolean {
  const [, unsigned, bits] = /^(u?)int(\d{0,3})$/.exec(type) ?? [];
  if (unsigned !== undefined) {
    return isNumeric(value) && fits(BigInt(value), unsigned === "u", Number(bits || 256));
  }
  const [, length] = /^bytes(\d{0,2})$/.exec(type) ?? [];
  if (length !== undefined) {
    return isHex(value) && value.length % 2 === 0 && (length === "" || value.length === 2 + 2 * Number(length));
  }
  return (
    (type === "string" && typeof value === "string") ||
    (type === "bool" && typeof value === "boolean") ||
    (type === "address" && typeof value === "string" && /^0x[0-9a-fA-F]{40}$/.test(value))
  );
}

function fits(value: bigint, unsigned: boolean, bits: number): boolean {
  return unsigned ? value >= 0n && value < 2n ** BigInt(bits) : BigInt.asIntN(bits, value) === value;
}

function isNumeric(value: unknown): value is string | number {
  return (
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value))
  );
}

function describeStruct(
  data: TypedData,
  type: string,
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
  into: SigningField[],
  context: DescribeContext,
): void {
  for (const { name, type: fieldType } of data.types[type] ?? []) {
    describeValue(data, fieldType, value[name], [...path, words(name)], name, into, context);
  }
}

function describeValue(
  data: TypedData,
  type: string,
  value: unknown,
  path: readonly string[],
  name: string,
  into: SigningField[],
  context: DescribeContext,
): void {
  const label = path.join(" › ");
  const item = /^(.+)\[\d*\]$/.exec(type)?.[1];
  if (item !== undefined && Array.isArray(value)) {
    if (value.length === 0) {
      into.push({ label, value: "none" });
    }
    for (const [index, element] of value.entries()) {
      describeValue(data, item, element, [...path, String(index + 1)], name, into, context);
    }
  } else if (data.types[type] !== undefined && isRecord(value)) {
    describeStruct(data, type, value, path, into, context);
  } else {
    const amount = context.token !== undefined && sameAddress(data.domain.verifyingContract, context.token.address);
    into.push({ label, value: valueText(type, name, value, context, amount) });
  }
}

/** A value as a user reads it. @param amount whether fields named like one are amounts of the context's token */
export function valueText(
  type: string,
  name: string,
  value: unknown,
  context: DescribeContext,
  amount: boolean,
): string {
  if (type === "address" && typeof value === "string") {
    return addressText(value, context);
  }
  if (/^u?int/.test(type) && (typeof value === "bigint" || isNumeric(value))) {
    const number = BigInt(value);
    if (TIMES.test(name) && number > 0n && number < 253_402_300_800n) {
      return `${new Date(Number(number) * 1_000).toISOString().replace(".000Z", " UTC").replace("T", " ")}`;
    }
    return amount && AMOUNTS.test(name) && context.token !== undefined
      ? `${decimal(number, context.token.decimals)} ${context.token.symbol}`
      : grouped(number);
  }
  return typeof value === "string" ? (value === "" ? "(empty)" : value) : JSON.stringify(value);
}

export function addressText(address: string, { names }: DescribeContext): string {
  const checksummed = getAddress(address.toLowerCase());
  const name = names?.get(checksummed);
  return name === undefined ? checksummed : `${name} (${checksummed})`;
}

/** `1234567` → `1,234,567` */
export function grouped(number: bigint): string {
  return number.toLocaleString("en-US");
}

/** An amount in whole units, with every digit that is not zero. */
export function decimal(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const whole = grouped(BigInt(digits.slice(0, digits.length - decimals)));
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${sign}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** `maxDuration` → `Max duration` */
export function words(name: string): string {
  const spaced = name
    .replace(/_/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function sameAddress(one: Address | undefined, other: Address): boolean {
  return one !== undefined && isAddressEqual(one, other);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isField(value: unknown): value is TypedDataField {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["type"] === "string";
}

function invalid(why: string, cause?: unknown): WalletError {
  return new WalletError("invalid-request", `The message cannot be signed: ${why}.`, { cause });
}
