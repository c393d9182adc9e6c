// A sentence for every error that the contracts can revert with: what is wrong, and what to do. A contract that gets another error does
// not compile with this file until it has a sentence.
import { type ContractErrorArgs, decodeErrorResult, type Hex, type ContractErrorName as NamesOf } from "viem";
import { ELIGIBILITIES, type Eligibility, JOB_STATES, MATCHINGS } from "./codes";
import { allAbi } from "./contracts";
import { ott, percent, perHour, short, time } from "./words";

/** Names of all errors of the four contracts. */
export type ContractErrorName = NamesOf<typeof allAbi>;

type ArgumentsOf<Name extends ContractErrorName> = Extract<ContractErrorArgs<typeof allAbi, Name>, readonly unknown[]>;

/** Two sentences for the user. */
export interface ErrorSentence {
  /** What is wrong. */
  readonly what: string;
  /** What the user can do about it. */
  readonly remedy: string;
}

const RELOAD = "Look at the job again: it has changed since it was shown.";
const REPORT = "This should not happen with this extension; please report it.";
const CHOOSE_ACCOUNT = "Choose the right account in the wallet.";

/** Why a node may not take a job. */
export const INELIGIBLE: Readonly<Record<Exclude<Eligibility, "eligible">, ErrorSentence>> = {
  "not-registered": { what: "it is not registered", remedy: "Register the node and pledge its stake." },
  paused: { what: "it is paused and takes no jobs", remedy: "Resume the node." },
  "stake-below-capacity": {
    what: "its stake is lower than what its offered capacity needs",
    remedy: "Add stake, or offer less capacity.",
  },
  "too-small": {
    what: "it offers less processor, memory or GPUs than the job needs",
    remedy: "Choose a larger node, or ask for less.",
  },
  "other-gpu-model": { what: "it has another model of GPU", remedy: "Choose a node with this model, or allow any." },
  "other-region": { what: "it is in another region", remedy: "Choose a node in the region, or allow any." },
  "label-missing": {
    what: "it lacks a feature that the job asks for",
    remedy: "Choose a node with all features, or ask for fewer.",
  },
  "stake-locked": {
    what: "other jobs hold too much of its stake",
    remedy: "Add stake, or wait until one of its jobs has ended.",
  },
  "reputation-too-low": {
    what: "its reputation does not cover the escrow",
    remedy: "Serve smaller jobs first, or choose a job that needs no cover.",
  },
};

/** What a field of a job's terms must be (`InvalidTerms`). */
const TERMS: Readonly<Record<string, string>> = {
  receiptKey: "The job has no receipt key.",
  availabilityBps: "The promised availability is more than 100 %.",
  maxRate: "The highest price is zero.",
  maxDuration: "The longest duration is shorter or longer than the market allows.",
  bidDeadline: "The deadline for bids has passed already, or is further away than the market allows.",
  millicores: "The job asks for no processor.",
  mebibytes: "The job asks for no memory.",
};

const SENTENCES: { readonly [Name in ContractErrorName]: (...args: ArgumentsOf<Name>) => ErrorSentence } = {
  // ---- the market
  Barred: (node) => ({
    what: `The node ${short(node)} failed this job before and may not bid for it again.`,
    remedy: "Bid for other jobs.",
  }),
  BidTooHigh: (rate, highest) => ({
    what: `The job's list of bids is full, and ${perHour(rate)} is not lower than the highest bid in it, ${perHour(highest)}.`,
    remedy: "Bid lower.",
  }),
  InvalidEscrow: (escrow, least, most) => ({
    what: `The escrow of ${ott(escrow)} does not fit the job: it takes at least ${ott(least)} and at most ${ott(most)}.`,
    remedy: "Change the escrow, the highest price or the longest duration.",
  }),
  InvalidExtension: () => ({
    what: "The node did not agree to this extension: the signature is not its own.",
    remedy: "Ask the node to sign the new duration.",
  }),
  InvalidRate: (rate, maxRate) => ({
    what:
      rate === 0n
        ? "The price is zero."
        : `The price of ${perHour(rate)} is higher than the highest allowed one, ${perHour(maxRate)}.`,
    remedy: "Choose a price above zero and at most the highest; when accepting, look at the bid again: it was raised.",
  }),
  InvalidTerms: (name) => ({
    what: TERMS[name] ?? `The job's terms are not valid: ${name}.`,
    remedy: `Change "${name}" and post again.`,
  }),
  InvalidValidity: (validUntil) => ({
    what: `The bid would be valid until ${time(validUntil)}, which is over.`,
    remedy: "Choose a later time.",
  }),
  NoBid: (node) => ({
    what: `There is no bid of the node ${short(node)} that can be taken now: it was withdrawn or has run out.`,
    remedy: "Choose another bid.",
  }),
  NoEligibleBid: () => ({
    what: "None of the bids comes from a node that may take the job now.",
    remedy: "Wait for other bids, or cancel the job.",
  }),
  NoFees: () => ({ what: "There are no fees to be burned.", remedy: "Nothing needs to be done." }),
  NotDistribution: () => ({ what: "Only the settlement contract may do this.", remedy: REPORT }),
  NothingAdded: () => ({
    what: "The money adds no time to the job: it pays for less than a second, or the longest duration is reached.",
    remedy: "Add more money, or extend the longest duration.",
  }),
  OwnJob: () => ({ what: "A developer cannot serve its own job.", remedy: "Bid with another account's node." }),
  PayoutTooHigh: (payout, escrow) => ({
    what: `The payout of ${ott(payout)} is more than the job holds, ${ott(escrow)}.`,
    remedy: "Settle with a lower amount.",
  }),
  TooEarly: (_jobId, due) => ({
    what: `It is too early for this: it can be done from ${time(due)} on.`,
    remedy: "Wait until then.",
  }),
  TooLate: (_jobId, deadline) => ({
    what: `It is too late for this: it could be done until ${time(deadline)}.`,
    remedy: RELOAD,
  }),
  WrongMatching: (_jobId, matching) =>
    MATCHINGS[matching] === "lowestBid"
      ? {
          what: "This job takes the lowest bid at its deadline; no bid can be picked.",
          remedy: "Wait for the deadline, then let the contract take the lowest bid.",
        }
      : {
          what: "This job's developer picks the bid; the contract takes none by itself.",
          remedy: "Let the developer accept a bid.",
        },
  WrongState: (_jobId, state) => ({
    what:
      JOB_STATES[state] === "none"
        ? "There is no such job."
        : `This cannot be done while the job is ${JOB_STATES[state] ?? state}.`,
    remedy: RELOAD,
  }),
  // ---- the registry
  AlreadyRegistered: (node) => ({
    what: `The node ${short(node)} is registered already.`,
    remedy: "Change its capacity or keys in place of registering it again.",
  }),
  AmountTooLarge: () => ({
    what: "The sum is larger than any that the contracts can hold.",
    remedy: "Choose a smaller capacity.",
  }),
  Ineligible: (node, reason) => {
    const code = ELIGIBILITIES[reason];
    const sentence = code === undefined || code === "eligible" ? undefined : INELIGIBLE[code];
    return {
      what: `The node ${short(node)} may not take this job: ${sentence?.what ?? `reason ${reason}`}.`,
      remedy: sentence?.remedy ?? REPORT,
    };
  },
  InvalidAmount: (amount, available) => ({
    what:
      amount === 0n
        ? "The sum is zero: there is nothing to be moved."
        : `The sum of ${ott(amount)} is more than what is there, ${ott(available)}.`,
    remedy: amount === 0n ? "Choose a sum above zero." : `Choose at most ${ott(available)}.`,
  }),
  InvalidDelegate: () => ({
    what: "The delegate key is the node's own wallet.",
    remedy: "Use a key of its own for unattended work.",
  }),
  InvalidKeySignature: (node, epoch) => ({
    what: `The WireGuard key number ${epoch} was not signed by the node's wallet ${short(node)}.`,
    remedy: "Sign the key again with the node's wallet.",
  }),
  JobsRunning: (locked) => ({
    what: `Jobs still hold ${ott(locked)} of the node's stake.`,
    remedy: "Wait until they have ended, then exit.",
  }),
  NoCapacity: () => ({ what: "A node offers at least one millicore and one MiB.", remedy: "Offer more." }),
  NoKey: () => ({ what: "The WireGuard key is missing.", remedy: "Name the node's public key." }),
  NotMarket: () => ({ what: "Only the market may do this.", remedy: REPORT }),
  StakeTooLow: (stake, needed) => ({
    what: `The stake would be ${ott(stake)}, but the offered capacity needs ${ott(needed)}.`,
    remedy: `Add ${ott(needed - stake)}, or offer less capacity.`,
  }),
  StillUnbonding: (unbondedAt) => ({
    what: `The stake is still unbonding, until ${time(unbondedAt)}.`,
    remedy: "Withdraw it then.",
  }),
  // ---- settlement
  AmountAboveUsage: (amount, cost) => ({
    what: `The receipt's amount of ${ott(amount)} is more than its use costs, ${ott(cost)}.`,
    remedy: "Use a receipt that both sides agreed on.",
  }),
  InvalidAward: (award, claimed, slashBps) => ({
    what: `An award of ${ott(award)} with a slash of ${percent(slashBps)} does not fit a claim of ${ott(claimed)}.`,
    remedy: "Award at most the claim. Whoever awards all of it slashes nobody, and a slash is at most 100 %.",
  }),
  InvalidDeveloperSignature: (_signer, receiptKey) => ({
    what: `The receipt was not signed by the job's receipt key ${short(receiptKey)}, or is for another job, chain or contract.`,
    remedy: "Use the last receipt that the developer's side signed for this job.",
  }),
  InvalidNodeSignature: (_signer, node) => ({
    what: `The receipt was not signed by the node ${short(node)} or its delegate, or is for another job, chain or contract.`,
    remedy: "Use a receipt that the node signed for this job.",
  }),
  InvalidProof: () => ({
    what: "The Merkle proof does not lead from the log's last entry to the root.",
    remedy: "Make the proof again from the whole metering log.",
  }),
  NotArbiter: () => ({ what: "Only the arbiter may decide disputes.", remedy: CHOOSE_ACCOUNT }),
  NotSettleable: () => ({ what: "The job is not in a state in which this can be done.", remedy: RELOAD }),
  NothingToClaim: () => ({
    what: "The metering log shows no use that is to be paid.",
    remedy: "There is nothing to be claimed.",
  }),
  ReceiptNotFinal: (_jobId, openFrom) => ({
    what:
      openFrom > 2n ** 40n
        ? "A claim or a dispute can be ended by a final receipt only, and this one is not final."
        : `Only the node may settle by a receipt that is not final before ${time(openFrom)}.`,
    remedy: "Use a final receipt, or wait.",
  }),
  TooMuchUsage: (usedSeconds, served) => ({
    what: `${usedSeconds} seconds of use are more than the ${served} seconds in which the job has been in service.`,
    remedy: "Use a receipt or a log with the right number of seconds.",
  }),
  WrongJob: (jobId, ofEntry) => ({
    what: `The log's entry belongs to job ${ofEntry}, not to job ${jobId}.`,
    remedy: "Use the metering log of this job.",
  }),
  // ---- more than one contract
  InvalidParameter: (name) => ({
    what: `The deployment's parameter ${name} is not valid.`,
    remedy: "Change the parameter file.",
  }),
  NotACid: () => ({
    what: "The content identifier is not a CIDv1 with a SHA-256 digest.",
    remedy: "Use the identifier that IPFS gave, beginning with bafy or bafk.",
  }),
  NotDeveloper: (caller) => ({
    what: `Only the job's developer may do this, not ${short(caller)}.`,
    remedy: CHOOSE_ACCOUNT,
  }),
  NotNode: (caller) => ({
    what: `Only the node's wallet or its delegate may do this, and ${short(caller)} is neither.`,
    remedy: "Choose the node's account in the wallet, or register it.",
  }),
  ReentrancyGuardReentrantCall: () => ({ what: "A contract was called from within its own call.", remedy: REPORT }),
  SafeERC20FailedOperation: () => ({
    what: "The token did not move the money.",
    remedy: "Check balance and allowance.",
  }),
  UnexpectedTransfer: (expected, received) => ({
    what: `The token moved ${ott(received)} in place of ${ott(expected)}.`,
    remedy: "Check the address of the token in the settings: this is not OTT.",
  }),
  // ---- the token
  ECDSAInvalidSignature: () => ({ what: "The signature is not valid.", remedy: "Sign again." }),
  ECDSAInvalidSignatureLength: () => ({
    what: "The signature has a wrong length.",
    remedy: "Sign again with another wallet.",
  }),
  ECDSAInvalidSignatureS: () => ({
    what: "The signature is not in its standard form.",
    remedy: "Sign again with another wallet.",
  }),
  ERC20InsufficientAllowance: (_spender, allowance, needed) => ({
    what: `The contract may take ${ott(allowance)} of your OTT, but needs ${ott(needed)}.`,
    remedy: `Approve ${ott(needed)}, or sign a permit.`,
  }),
  ERC20InsufficientBalance: (sender, balance, needed) => ({
    what: `The account ${short(sender)} has ${ott(balance)}, but needs ${ott(needed)}.`,
    remedy: `Get ${ott(needed - balance)} more, or choose a smaller sum.`,
  }),
  ERC20InvalidApprover: () => ({ what: "The zero address cannot approve.", remedy: CHOOSE_ACCOUNT }),
  ERC20InvalidReceiver: () => ({
    what: "Tokens cannot be sent to the zero address.",
    remedy: "Choose another receiver.",
  }),
  ERC20InvalidSender: () => ({ what: "Tokens cannot be sent from the zero address.", remedy: CHOOSE_ACCOUNT }),
  ERC20InvalidSpender: () => ({ what: "The zero address cannot be approved.", remedy: "Choose another contract." }),
  ERC2612ExpiredSignature: (deadline) => ({
    what: `The permit ran out at ${time(deadline)}.`,
    remedy: "Sign a new permit.",
  }),
  ERC2612InvalidSigner: (_signer, owner) => ({
    what: `The permit was not signed by ${short(owner)}, or was used already.`,
    remedy: "Sign a new permit with this account.",
  }),
  InvalidAccountNonce: () => ({ what: "The permit was used already.", remedy: "Sign a new permit." }),
  InvalidShortString: () => ({ what: "A text of the contract is malformed.", remedy: REPORT }),
  StringTooLong: () => ({ what: "A text is too long for the contract.", remedy: REPORT }),
  SupplyTooLarge: () => ({
    what: "The token's supply is too large.",
    remedy: "Choose a smaller supply in the parameter file.",
  }),
};

/** A contract's refusal, decoded. */
export interface DecodedError extends ErrorSentence {
  /** As the contract says it: `TooLate(jobId 3, deadline 1764000000)`. */
  readonly reason: string;
  readonly name: string;
}

/** Decodes what a call reverted with; errors that are not of the contracts are shown as they are. @param data ABI-encoded error */
export function decodeContractError(data: Hex): DecodedError {
  try {
    const { errorName, args, abiItem } = decodeErrorResult({ abi: allAbi, data });
    const values: readonly unknown[] = args ?? [];
    const inputs = abiItem.type === "error" ? abiItem.inputs : [];
    const shown = values.map((value, i) => `${inputs[i]?.name ?? ""} ${String(value)}`.trim());
    // Each sentence takes the arguments of its own error, which the decoder returned for this name.
    const sentence = Object.hasOwn(SENTENCES, errorName)
      ? (SENTENCES[errorName as ContractErrorName] as (...args: readonly unknown[]) => ErrorSentence)(...values)
      : { what: `The contract refused: ${shown.join(", ")}.`, remedy: RELOAD };
    return { ...sentence, name: errorName, reason: `${errorName}(${shown.join(", ")})` };
  } catch {
    return {
      what: "The contract refused without a reason that is known here.",
      remedy: "Check that the network's addresses in the settings belong to this version of the market.",
      name: "unknown",
      reason: data === "0x" ? "no reason" : data.slice(0, 74),
    };
  }
}

/** Names of the errors that have a sentence. */
export const KNOWN_ERRORS: readonly string[] = Object.keys(SENTENCES);
