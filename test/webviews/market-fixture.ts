// A market with generated jobs, bids and nodes, as the host would tell it to the panel.
import type { MarketHostMessage } from "../../src/protocol/market-messages";
import type { NodePage } from "../../src/protocol/market-operator";
import type { BidRow, JobPage, JobRow, JobStateName } from "../../src/protocol/market-rows";
import { JOB_STATES } from "../../src/protocol/market-rows";

export const OTT = 10n ** 18n;
export const ME = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/** Seconds since the Unix epoch. */
export const NOW = Math.floor(Date.now() / 1_000);

/** A price a second. @param perHour OTT an hour, thousandths */
export const rate = (perHour: number): string => String((BigInt(Math.round(perHour * 1_000)) * OTT) / 3_600_000n);
export const ott = (amount: number): string => String((BigInt(Math.round(amount * 1_000)) * OTT) / 1_000n);

/** The same numbers in each run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const address = (number: number): string => `0x${number.toString(16).padStart(8, "0").repeat(5)}`;
export const hash = (number: number): string => `0x${number.toString(16).padStart(64, "0")}`;

export const init: MarketHostMessage = {
  type: "init",
  networks: ["devnet", "testnet"],
  selected: "devnet",
  gpuModels: ["nvidia a100 80gb", "nvidia h100 80gb", "nvidia rtx 4090"],
  regions: [
    { code: "DE", name: "Germany" },
    { code: "FR", name: "France" },
    { code: "US", name: "United States of America" },
  ],
  labels: [
    { bit: 0, name: "static public address" },
    { bit: 1, name: "IPv6" },
    { bit: 2, name: "persistent volumes" },
    { bit: 3, name: "encrypted memory" },
    { bit: 4, name: "renewable energy" },
  ],
};

export const network: MarketHostMessage = {
  type: "network",
  network: {
    kind: "ready",
    name: "devnet",
    chainId: 31_337,
    time: NOW,
    block: 18_402,
    lockBps: 5_000,
    feeBps: 200,
    maxBidding: 2_592_000,
    maxDuration: 31_536_000,
    minFundedSeconds: 60,
  },
};

export const wallet = (more: object = {}): MarketHostMessage => ({
  type: "wallet",
  wallet: {
    kind: "connected",
    address: ME,
    label: "Test wallet",
    chainId: 31_337,
    ott: ott(1_250.5),
    native: ott(3.2),
    ...more,
  },
});

export function job(id: number, more: Partial<JobRow> = {}): JobRow {
  const next = random(id);
  const gpus = next() > 0.8 ? 1 + Math.floor(next() * 4) : 0;
  const state: JobStateName = JOB_STATES[Math.floor(next() * JOB_STATES.length)] ?? "open";
  const price = 0.2 + next() * 4;
  const duration = 3_600 * (1 + Math.floor(next() * 72));
  const maxRate = rate(price);
  const assigned = state !== "open" && state !== "cancelled";
  const bids = state === "open" ? Math.floor(next() * 9) : 0;
  return {
    id: String(id),
    state,
    mine: false,
    serving: false,
    developer: address(1_000 + Math.floor(next() * 400)),
    node: assigned ? address(9_000 + Math.floor(next() * 60)) : null,
    matching: next() > 0.5 ? "developer" : "lowest",
    need: {
      millicores: 250 * (1 + Math.floor(next() * 32)),
      mebibytes: 256 * (1 + Math.floor(next() * 64)),
      gpus,
      gpuModel: gpus > 0 ? "nvidia a100 80gb" : "",
      region: ["", "", "DE", "FR", "US"][Math.floor(next() * 5)] ?? "",
      labels: next() > 0.7 ? 1 : 0,
    },
    maxRate,
    rate: assigned ? rate(price * 0.8) : null,
    escrow: String(BigInt(maxRate) * BigInt(duration)),
    maxDuration: duration,
    bidDeadline: NOW + Math.floor(next() * 7_200) - 600,
    bids,
    lowest: bids > 0 ? rate(price * 0.7) : null,
    availabilityBps: 0,
    covered: false,
    postedAt: NOW - Math.floor(next() * 86_400),
    myBid: null,
    unfit: null,
    ...more,
  };
}

export const jobs = (count: number, more: (id: number) => Partial<JobRow> = () => ({})): JobRow[] =>
  Array.from({ length: count }, (_, at) => job(at + 1, more(at + 1)));

const REASONS = ["", "", "", "", "Its stake is held by other jobs.", "It is paused.", "The bid has run out."];

export function bids(count: number): BidRow[] {
  const next = random(7);
  return Array.from({ length: count }, (_, at) => {
    const price = rate(0.6 + next() * 1.4);
    return {
      node: address(9_000 + at),
      rate: price,
      validUntil: NOW + 600 + Math.floor(next() * 6_000),
      reputation: ott(next() * 80),
      stake: ott(50 + next() * 400),
      freeStake: ott(40 + next() * 100),
      capacity: {
        millicores: 4_000 + 1_000 * Math.floor(next() * 28),
        mebibytes: 8_192 * (1 + Math.floor(next() * 8)),
        gpus: next() > 0.6 ? 1 : 0,
        gpuModel: "nvidia a100 80gb",
        region: ["DE", "FR", "US"][Math.floor(next() * 3)] ?? "DE",
        labels: next() > 0.5 ? 17 : 0,
      },
      expectedCost: String(BigInt(price) * 14_400n),
      ineligible: REASONS[Math.floor(next() * REASONS.length)] ?? "",
      mine: false,
    };
  });
}

/** A job of the connected wallet in any state. */
export const myJob = (id: number, state: JobStateName, more: Partial<JobRow> = {}): JobRow =>
  job(id, {
    state,
    mine: true,
    developer: ME,
    matching: "developer",
    node: state === "open" || state === "cancelled" ? null : address(9_003),
    rate: state === "open" || state === "cancelled" ? null : rate(0.9),
    maxRate: rate(1.2),
    maxDuration: 14_400,
    escrow: String(BigInt(rate(1.2)) * 14_400n),
    bidDeadline: NOW + 540,
    bids: state === "open" ? 12 : 0,
    need: { millicores: 1_500, mebibytes: 2_048, gpus: 0, gpuModel: "", region: "DE", labels: 1 },
    ...more,
  });

const empty = {
  specCid: "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
  deadline: null,
  startedAt: null,
  endsAt: null,
  stoppedAt: null,
  paid: null,
  refunded: null,
  fee: null,
  claim: null,
  receipts: [],
} as const;

const posted = {
  title: "Posted",
  detail: "4.8 OTT are held by the contract.",
  at: NOW - 7_400,
  status: "done",
  transaction: hash(11),
} as const;
const assigned = {
  title: "Assigned",
  detail: "0x0000…232b serves for 0.9 OTT/h.",
  at: NOW - 6_800,
  status: "done",
  transaction: hash(12),
} as const;
const started = {
  title: "Started",
  detail: "The node serves the job.",
  at: NOW - 6_700,
  status: "done",
  transaction: hash(13),
} as const;

/** The page of `myJob` in the same state. */
export function page(id: number, state: JobStateName, more: Partial<JobPage> = {}): JobPage {
  const base = { ...empty, id: String(id), receipts: [], steps: [], actions: [] };
  const serving = { startedAt: NOW - 6_700, endsAt: NOW + 7_700 };
  const receipts = [1, 2, 3].map((sequence) => ({
    sequence,
    usedSeconds: sequence * 1_800,
    amount: String(BigInt(rate(0.9)) * BigInt(sequence * 1_800)),
    at: NOW - 6_700 + sequence * 1_800,
    final: false,
  }));
  const pages: Record<JobStateName, JobPage> = {
    open: {
      ...base,
      waits: "Nodes bid until the deadline; accept one of the bids.",
      deadline: NOW + 540,
      steps: [
        { ...posted, at: NOW - 360 },
        { title: "Bids", detail: "12 nodes have bid.", at: null, status: "now", transaction: null },
        { title: "Assigned", detail: "You accept a bid.", at: null, status: "next", transaction: null },
        { title: "Started", detail: "The node starts within 15 min.", at: null, status: "next", transaction: null },
        {
          title: "Settled",
          detail: "What was used is paid; the rest comes back.",
          at: null,
          status: "next",
          transaction: null,
        },
      ],
      actions: [
        { action: "accept", reason: "" },
        { action: "cancel", reason: "" },
        { action: "expire", reason: "It is possible when the deadline and one day have passed." },
      ],
    },
    assigned: {
      ...base,
      waits: "The node has to start it. If it does not, bids open again and the node loses a part of its stake.",
      deadline: NOW + 780,
      steps: [
        posted,
        { ...assigned, at: NOW - 120, status: "now" },
        { title: "Started", detail: "Within 15 min.", at: null, status: "next", transaction: null },
      ],
      actions: [{ action: "expire", reason: "It is possible when the node has let its time pass." }],
    },
    running: {
      ...base,
      ...serving,
      waits: "It runs. It ends when the time or the money is used up.",
      deadline: NOW + 7_700,
      receipts,
      steps: [
        posted,
        assigned,
        { ...started, status: "now" },
        {
          title: "Settled",
          detail: "What was used is paid; the rest comes back.",
          at: null,
          status: "next",
          transaction: null,
        },
      ],
      actions: [
        { action: "settle", reason: "The last receipt is not final: only the node may use it before the job ends." },
        { action: "topUp", reason: "" },
        { action: "extend", reason: "" },
        { action: "stop", reason: "" },
      ],
    },
    claimed: {
      ...base,
      ...serving,
      waits: "The node claims its pay by proof. Dispute it if it is wrong; otherwise it is paid.",
      deadline: NOW + 86_000,
      stoppedAt: NOW - 400,
      claim: { amount: ott(1.6), until: NOW + 86_000, bond: "0", bondNeeded: ott(10) },
      receipts,
      steps: [
        posted,
        assigned,
        started,
        { title: "Claimed", detail: "The node claims 1.6 OTT.", at: NOW - 300, status: "now", transaction: hash(14) },
      ],
      actions: [
        { action: "dispute", reason: "" },
        { action: "finalize", reason: "The time to dispute is not over." },
      ],
    },
    disputed: {
      ...base,
      ...serving,
      waits: "The arbiter decides. If it does not in time, half of the claim is paid.",
      deadline: NOW + 500_000,
      stoppedAt: NOW - 4_000,
      claim: { amount: ott(1.6), until: NOW + 500_000, bond: ott(10), bondNeeded: ott(10) },
      receipts,
      steps: [
        posted,
        assigned,
        started,
        {
          title: "Disputed",
          detail: "You left a bond of 10 OTT.",
          at: NOW - 100,
          status: "now",
          transaction: hash(15),
        },
      ],
      actions: [{ action: "finalize", reason: "The arbiter still has time to decide." }],
    },
    settled: {
      ...base,
      ...serving,
      waits: "",
      stoppedAt: NOW - 200,
      paid: ott(1.568),
      refunded: ott(3.2),
      fee: ott(0.032),
      receipts: receipts.map((receipt, at) => ({ ...receipt, final: at === 2 })),
      steps: [
        posted,
        assigned,
        started,
        {
          title: "Settled",
          detail: "The node was paid 1.568 OTT; 3.2 OTT came back.",
          at: NOW - 200,
          status: "done",
          transaction: hash(16),
        },
      ],
    },
    cancelled: {
      ...base,
      waits: "",
      refunded: ott(4.8),
      steps: [
        posted,
        { title: "Cancelled", detail: "4.8 OTT came back.", at: NOW - 100, status: "failed", transaction: hash(17) },
      ],
    },
  };
  return { ...pages[state], ...more };
}

export const draft: MarketHostMessage = {
  type: "draft",
  draft: {
    kind: "ready",
    spec: "shop.zlayer.yml",
    deployment: "shop",
    millicores: 1_500,
    mebibytes: 2_048,
    gpus: 0,
    gpuModel: "",
    services: [
      { name: "web", replicas: 2, needs: "500 mcores, 512 MiB" },
      { name: "db", replicas: 1, needs: "500 mcores, 1 GiB" },
    ],
    notes: ["“db” says no memory; 1 GiB is assumed."],
    storage: "On your IPFS node at http://127.0.0.1:5001, pinned",
    storageProblem: "",
    suggestion: { rate: rate(0.85), low: rate(0.6), high: rate(1.3), jobs: 14 },
  },
};

export const node = (more: Partial<NodePage> = {}): MarketHostMessage => ({
  type: "node",
  node: {
    address: ME,
    status: "active",
    capacity: { millicores: 8_000, mebibytes: 16_384, gpus: 0, gpuModel: "", region: "DE", labels: 17 },
    key: { kind: "none" },
    currency: "ETH",
    stake: ott(240),
    locked: ott(60),
    required: ott(161.92),
    unbonding: "0",
    unbondedAt: null,
    reputation: ott(12.4),
    pledged: "0",
    prices: { millicore: ott(0.01), mebibyte: ott(0.005), gpu: ott(500) },
    unbondingDelay: 1_209_600,
    ...more,
  },
});

export const unregistered = node({
  status: "none",
  capacity: null,
  stake: "0",
  locked: "0",
  required: "0",
  reputation: "0",
});

export const detected: MarketHostMessage = {
  type: "detected",
  detected: {
    kind: "found",
    capacity: { millicores: 7_000, mebibytes: 14_336, gpus: 0, gpuModel: "", region: "", labels: 2 },
    notes: ["Left for the system: one core and 2 GiB."],
  },
};

export const policy: MarketHostMessage = {
  type: "policy",
  status: "Bids by itself: 3 bids in the last hour.",
  policy: {
    enabled: true,
    floorPerMillicore: String(BigInt(rate(0.3)) / 1_000n),
    floorPerMebibyte: String(BigInt(rate(0.05)) / 1_024n),
    floorPerGpu: rate(2),
    marginBps: 2_000,
    maxLockBps: 5_000,
    maxDuration: 86_400,
    requiredLabels: 0,
    acceptsCovered: true,
    validity: 3_600,
  },
};

export const earnings: MarketHostMessage = {
  type: "earnings",
  total: ott(84.21),
  slashed: ott(3),
  rows: [
    { kind: "payout", jobId: "412", amount: ott(1.568), at: NOW - 900, detail: "Settled by receipt: 1 h 30 min used" },
    { kind: "slash", jobId: "398", amount: ott(3), at: NOW - 40_000, detail: "Did not start in time" },
    {
      kind: "fault",
      jobId: "398",
      amount: ott(6.2),
      at: NOW - 40_000,
      detail: "Did not start in time: half of the reputation",
    },
    { kind: "payout", jobId: "377", amount: ott(22.4), at: NOW - 90_000, detail: "Claim stood: nobody disputed it" },
  ],
};
