import { type Address, type Hex, hexToBytes, keccak256 } from "viem";

/**
 * Whether a block may hold a log of one of the contracts, as the bloom filter of its header says (Ethereum yellow paper, 4.3.1: three bits
 * of 2048, each given by 11 bits of the address's hash). "No" is certain.
 */
export function mayHoldLogs(logsBloom: Hex, contracts: readonly Address[]): boolean {
  const bloom = hexToBytes(logsBloom);
  if (bloom.length !== 256) {
    return true;
  }
  return contracts.some((address) => {
    const hash = hexToBytes(keccak256(address));
    return [0, 2, 4].every((i) => {
      const bit = (((hash[i] ?? 0) << 8) | (hash[i + 1] ?? 0)) & 2047;
      return ((bloom[255 - (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0;
    });
  });
}
