import { buildContracts } from "../../../../scripts/deploy-contracts.mjs";

/** Compiles the contracts once before all tests, so that test files only deploy them. */
export default async function setup(): Promise<void> {
  await buildContracts();
}
