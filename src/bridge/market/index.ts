// What the rest of the extension uses of the market.
export * from "./actions";
export * from "./capacity";
export { chainOf, connect } from "./chain";
export * from "./create-market-client";
export * from "./devnet-file";
export * from "./eligibility";
export * from "./errors";
export * from "./market-client";
export * from "./network";
export * from "./price";
export * from "./receipts";
export * from "./store";
export * from "./transaction";
export * from "./types";
export * as words from "./words";
