// What the rest of the extension uses of the market.
export * from "./market-client";
export * from "./network";
export * from "./store";
export * from "./transaction";
export * from "./types";
