import { type Hex, hashTypedData } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { deriveMeshKey, type MeshPurpose, meshKeyFrom, meshKeyMessage } from "./mesh-key";
import vectors from "./mesh-key.vectors.json";
import { WalletError } from "./wallet-error";

const account = privateKeyToAccount("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const request = { purpose: "node", network: "home", chainId: 31337, epoch: 0 } as const;

describe("mesh key", () => {
  // Keys and public keys were computed a second time with Python's hmac and OpenSSL.
  it.each(vectors)("is that of the vector $purpose $network $epoch", async (vector) => {
    const asked = { ...vector, purpose: vector.purpose as MeshPurpose };
    expect(hashTypedData(meshKeyMessage(asked))).toBe(vector.digest);
    expect(await account.signTypedData(meshKeyMessage(asked))).toBe(vector.signature);
    const { privateKey, publicKey } = vector;
    expect(meshKeyFrom(asked, vector.signature as Hex)).toEqual({ privateKey, publicKey });
  });

  it("is the same whatever way a wallet writes the recovery byte", () => {
    const signature = (vectors[0]?.signature ?? "0x") as Hex;
    const other: Hex = `${signature.slice(0, -2) as Hex}00`;
    expect(meshKeyFrom(request, other)).toEqual(meshKeyFrom(request, signature));
  });

  it("is refused from a wallet that signs differently each time", async () => {
    const random = () => privateKeyToAccount(generatePrivateKey());
    await expect(deriveMeshKey(request, (message) => random().signTypedData(message))).rejects.toMatchObject({
      trouble: "not-deterministic",
    });
    expect(() => meshKeyFrom(request, `0x${"00".repeat(64)}`)).toThrow(WalletError);
  });

  it("is refused for a name or an epoch that cannot be", () => {
    expect(() => meshKeyMessage({ ...request, network: "" })).toThrow(WalletError);
    expect(() => meshKeyMessage({ ...request, epoch: 2 ** 32 })).toThrow("epoch");
  });
});
