// EIP-712 encoding of receipts, as contracts/src/libraries/ReceiptVerifier.sol has it; contracts/test/vectors/receipts.json.
import type { Address } from "viem";
import type { Receipt } from "../market/receipts";

/** For which deployment a receipt is valid. */
export interface ReceiptDomain {
  readonly chainId: number;
  /** Address of RewardDistribution. */
  readonly verifyingContract: Address;
}

const TYPES = {
  Receipt: [
    { name: "jobId", type: "uint256" },
    { name: "sequence", type: "uint32" },
    { name: "usedSeconds", type: "uint32" },
    { name: "amount", type: "uint96" },
    { name: "usageRoot", type: "bytes32" },
    { name: "isFinal", type: "bool" },
  ],
} as const;

/** The typed data that both sides of a job sign; viem's `hashTypedData` makes the digest of it. */
export function receiptTypedData(domain: ReceiptDomain, receipt: Receipt) {
  const { chainId, verifyingContract } = domain;
  return {
    domain: { name: "ZLayer RewardDistribution", version: "1", chainId, verifyingContract },
    types: TYPES,
    primaryType: "Receipt",
    message: { ...receipt },
  } as const;
}
