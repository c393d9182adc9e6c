// What a job pays by proof, as contracts/src/libraries/Payout.sol computes it; contracts/test/vectors/payouts.json.

/** Shares are in hundredths of a percent. */
const BPS = 10_000n;

/** What the pay of a service follows from. */
export interface ServiceUse {
  /** The agreed price in wei for a second, below 2^96. */
  readonly rate: bigint;
  /** Seconds in which a heartbeat was recorded, below 2^32. */
  readonly usedSeconds: number;
  /** Seconds from the start to the promised end, below 2^32. */
  readonly promisedSeconds: number;
  /** Promised share of these seconds in hundredths of a percent, 0 to 10,000; zero promises nothing. */
  readonly availabilityBps: number;
  /** All money that the developer has paid in, in wei. */
  readonly escrow: bigint;
}

/**
 * What a node may claim for its service, in wei: rate x used when used / promised reaches the availability, else
 * rate x used x (used / promised) / availability, rounded down; never more than the escrow.
 */
export function payoutDue(use: ServiceUse): bigint {
  const price = use.rate * BigInt(use.usedSeconds);
  const kept = BigInt(use.usedSeconds) * BPS;
  const target = BigInt(use.promisedSeconds) * BigInt(use.availabilityBps);
  const sum = kept < target ? (price * kept) / target : price;
  return sum < use.escrow ? sum : use.escrow;
}
