// The long run of the contracts' invariants: over five million calls, about an hour on two cores.
//   node scripts/fuzz-contracts.mjs [seed]
import { forge } from "./lib/foundry.mjs";
import { main } from "./lib/run.mjs";

await main(() =>
  forge(["test", "--match-contract", "MarketInvariants"], {
    env: { FOUNDRY_PROFILE: "long", FOUNDRY_FUZZ_SEED: process.argv[2] },
  }),
);
