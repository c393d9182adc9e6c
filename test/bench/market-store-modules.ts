// What the benchmark of the store measures, as one module.
export { MemoryStore } from "../../src/bridge/market/ledger/memory-store";
export { StoreFile } from "../../src/bridge/market/ledger/store-file";
export { NETWORK, stepOf, syntheticJob } from "../../src/bridge/market/testing/synthetic";
