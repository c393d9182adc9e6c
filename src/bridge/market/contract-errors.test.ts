import { encodeErrorResult, type Hex } from "viem";
import { describe, expect, it } from "vitest";
import { decodeContractError, KNOWN_ERRORS } from "./contract-errors";
import { allAbi } from "./contracts";

const ERRORS = allAbi.filter((item) => item.type === "error");

/** Some value of a Solidity type. */
function sample(type: string): unknown {
  if (type === "string") {
    return "maxRate";
  }
  if (type === "address") {
    return `0x${"12".repeat(20)}`;
  }
  if (type.startsWith("bytes")) {
    return `0x${"34".repeat(Number(type.slice(5)) || 36)}`;
  }
  const bits = Number(/\d+/.exec(type)?.[0]);
  return bits > 48 ? 1n : 1;
}

describe("decodeContractError", () => {
  it("has a sentence for every error of the contracts", () => {
    expect([...KNOWN_ERRORS].sort()).toEqual([...new Set(ERRORS.map(({ name }) => name))].sort());
  });

  it.each(ERRORS.map((error) => [error.name, error] as const))("says what %s means and what to do", (name, error) => {
    const args = error.inputs.map(({ type }) => sample(type));
    const data = encodeErrorResult({ abi: [error], errorName: name, args } as Parameters<typeof encodeErrorResult>[0]);
    const decoded = decodeContractError(data);
    expect(decoded.name).toBe(name);
    expect(decoded.reason).toMatch(new RegExp(`^${name}\\(`));
    for (const sentence of [decoded.what, decoded.remedy]) {
      expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  it("shows what a foreign contract says", () => {
    const text = encodeErrorResult({ abi: [{ type: "error", name: "Other", inputs: [] }], errorName: "Other" });
    expect(decodeContractError(text).what).toContain("without a reason that is known here");
    const plain: Hex = `0x08c379a0${"20".padStart(64, "0")}${"2".padStart(64, "0")}${"6e6f".padEnd(64, "0")}`;
    expect(decodeContractError(plain).what).toBe("The contract refused: message no.");
  });
});
