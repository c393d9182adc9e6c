import type { Address } from "viem";
import { CONTRACT_TITLES } from "../market/contracts";
import type { MarketNetwork } from "../market/network";
import type { DescribeContext } from "./typed-data";

/** What the network's addresses are called where the user reads them. */
export function contextOf({ addresses }: MarketNetwork): DescribeContext {
  return {
    names: new Map<Address, string>([
      [addresses.token, CONTRACT_TITLES.token],
      [addresses.registry, CONTRACT_TITLES.registry],
      [addresses.market, CONTRACT_TITLES.market],
      [addresses.distribution, CONTRACT_TITLES.distribution],
    ]),
    token: { address: addresses.token, symbol: "OTT", decimals: 18 },
  };
}
