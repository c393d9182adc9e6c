import { describe, expect, it } from "vitest";
import { decimal, describeTypedData, parseTypedData, requireExactPermit } from "./typed-data";
import { WalletError } from "./wallet-error";

const TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const MARKET = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

function order() {
  return {
    domain: { name: "Shop", version: "1", chainId: 31337, verifyingContract: TOKEN },
    types: {
      Item: [
        { name: "name", type: "string" },
        { name: "prices", type: "uint256[]" },
      ],
      Order: [
        { name: "buyer", type: "address" },
        { name: "items", type: "Item[]" },
        { name: "deadline", type: "uint256" },
        { name: "maxDuration", type: "uint32" },
        { name: "final", type: "bool" },
      ],
    },
    primaryType: "Order",
    message: {
      buyer: MARKET,
      items: [{ name: "CPU", prices: ["1000", 2] }],
      deadline: "1900000000",
      maxDuration: 86_400,
      final: true,
    } as Record<string, unknown>,
  };
}

describe("typed data", () => {
  it("is described field by field, nothing left out", () => {
    const described = describeTypedData(parseTypedData(order(), 31337), { names: new Map([[MARKET, "the market"]]) });
    expect(described).toEqual({
      title: "Sign “Order”",
      fields: [
        { label: "Buyer", value: `the market (${MARKET})` },
        { label: "Items › 1 › Name", value: "CPU" },
        { label: "Items › 1 › Prices › 1", value: "1,000" },
        { label: "Items › 1 › Prices › 2", value: "2" },
        { label: "Deadline", value: "2030-03-17 17:46:40 UTC" },
        { label: "Max duration", value: "86,400" },
        { label: "Final", value: "true" },
        { label: "For", value: "Shop, version 1" },
        { label: "Contract", value: TOKEN },
      ],
      warnings: [],
    });
  });

  it.each([
    ["not JSON", "{", "it is not JSON"],
    ["nothing", null, "needs the objects"],
    ["no chain", { ...order(), domain: { name: "Shop" } }, "names no chainId"],
    ["another primary type", { ...order(), primaryType: "Other" }, "primaryType"],
    ["types that are none", { ...order(), types: { Order: "x" } }, "type Order"],
    ["a field that is not signed", { ...order(), message: { ...order().message, tip: "1" } }, "Order.tip is not part"],
    ["a missing field", { ...order(), message: { buyer: MARKET } }, "Order.items is missing"],
    ["a wrong value", { ...order(), message: { ...order().message, buyer: "me" } }, "Order.buyer is not a value"],
    [
      "a number too large for its type",
      { ...order(), message: { ...order().message, maxDuration: "5000000000" } },
      "Order.maxDuration is not a value of the type uint32",
    ],
    [
      "an unknown type",
      { ...order(), types: { Order: [{ name: "a", type: "Missing" }] }, message: { a: 1 } },
      "Order.a is not a value",
    ],
    ["a huge message", { ...order(), message: { ...order().message, buyer: "x".repeat(70_000) } }, "larger than"],
  ])("is refused with %s", (_, input, why) => {
    expect(() => parseTypedData(input, 31337)).toThrow(why);
    expect(() => parseTypedData(input, 31337)).toThrow(WalletError);
  });

  it("is refused for another network", () => {
    expect(() => parseTypedData(order(), 1)).toThrow("is for network 31337, but the wallet is set to network 1");
  });

  it("that nests without end is refused", () => {
    let message: Record<string, unknown> = {};
    for (let depth = 0; depth < 20; depth += 1) {
      message = { next: message };
    }
    const data = { ...order(), types: { Order: [{ name: "next", type: "Order" }] }, message };
    expect(() => parseTypedData(data, 31337)).toThrow("nested deeper");
  });

  it("that permits everything is refused, one that permits an amount is not", () => {
    const permit = (value: string) =>
      parseTypedData(
        {
          domain: { chainId: 1 },
          types: { Permit: [{ name: "value", type: "uint256" }] },
          primaryType: "Permit",
          message: { value },
        },
        1,
      );
    expect(() => requireExactPermit(permit(String(2n ** 256n - 1n)))).toThrow("exact allowances");
    expect(() => requireExactPermit(permit("1000"))).not.toThrow();
  });
});

describe("amounts", () => {
  it.each([
    [0n, "0"],
    [1n, "0.000000000000000001"],
    [12_500_000_000_000_000_000n, "12.5"],
    [1_234_567n * 10n ** 18n, "1,234,567"],
  ])("are exact: %s", (amount, text) => {
    expect(decimal(amount, 18)).toBe(text);
  });
});
