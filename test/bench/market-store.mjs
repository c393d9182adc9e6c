// How fast the market's store answers, beside a scan of an array and SQLite (the copy that Python brings along, when there is one).
//   node test/bench/market-store.mjs [JOBS]
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importTypeScript } from "../../scripts/lib/typescript.mjs";

const COUNT = Number(process.argv[2] ?? 100_000);
const ROUNDS = 30;

/** Milliseconds of the median round. */
function median(work) {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[ROUNDS / 2];
}

function row(name, ms) {
  console.log(`${name.padEnd(64)} ${ms.toFixed(2).padStart(10)} ms`);
}

const { MemoryStore, StoreFile, NETWORK, stepOf, syntheticJob } = await importTypeScript(
  "test/bench/market-store-modules.ts",
);
const jobs = Array.from({ length: COUNT }, (_, i) => syntheticJob(i + 1));
const store = new MemoryStore();
for (let i = 0; i < COUNT; i += 1_000) {
  // Blocks so far apart that none can be taken back: the size is that of a market, not of its last minutes.
  store.commit(stepOf(1 + i, jobs.slice(i, i + 1_000)));
}

const fits = { millicores: 4_000, mebibytes: 8_192, gpus: 1, gpuModel: 0, region: 276, labels: 3 };
const developer = jobs[COUNT >> 1].developer;
const QUERIES = [
  ["newest 100 of all", {}, () => true, (a, b) => (a.id < b.id ? 1 : -1), "1", "id DESC"],
  [
    "open jobs that fit, dearest first",
    { filter: { states: ["open"], fits }, sort: { by: "maxRate", descending: true } },
    (job) =>
      job.state === "open" &&
      job.need.millicores <= 4_000 &&
      job.need.mebibytes <= 8_192 &&
      job.need.gpus <= 1 &&
      [0, 276].includes(job.need.region),
    (a, b) => (a.maxRate < b.maxRate ? 1 : a.maxRate > b.maxRate ? -1 : 0),
    "state = 'open' AND millicores <= 4000 AND mebibytes <= 8192 AND gpus <= 1 AND region IN (0, 276)",
    "maxRate DESC",
  ],
  [
    "one developer's jobs, largest escrow first",
    { filter: { developer }, sort: { by: "escrow", descending: true } },
    (job) => job.developer === developer,
    (a, b) => (a.escrow < b.escrow ? 1 : a.escrow > b.escrow ? -1 : 0),
    `developer = '${developer}'`,
    "escrow DESC",
  ],
  [
    "settled jobs between two prices, latest first",
    { filter: { states: ["settled"], minRate: 20n, maxRate: 60n }, sort: { by: "deadline", descending: true } },
    (job) => job.state === "settled" && job.maxRate >= 20n && job.maxRate <= 60n,
    (a, b) => b.settlement.settledAt - a.settlement.settledAt,
    "state = 'settled' AND maxRate BETWEEN 20 AND 60",
    "deadline DESC",
  ],
];

console.log(`${COUNT} jobs, first page of 100, count of all that match; median of ${ROUNDS}\n`);
for (const [name, query, where, order] of QUERIES) {
  row(
    `store: ${name}`,
    median(() => store.jobs(query)),
  );
  row(
    `scan:  ${name}`,
    median(() => jobs.filter(where).sort(order).slice(0, 100)),
  );
}

const changed = jobs[COUNT >> 1];
let block = COUNT + 1_000;
row(
  "store: one job changes",
  median(() => store.commit(stepOf(++block, [{ ...changed, escrow: BigInt(block) }]))),
);

const directory = await mkdtemp(join(tmpdir(), "zlayer-bench-store-"));
try {
  const path = join(directory, "store");
  const file = new StoreFile(path, NETWORK, store, console.log);
  await file.open();
  file.renew();
  await file.close();
  const start = performance.now();
  const again = new StoreFile(path, NETWORK, new MemoryStore(), console.log);
  await again.open();
  row(`store: read from its file of ${((await stat(path)).size / 1e6).toFixed(0)} MB`, performance.now() - start);
  await again.close();
  await sqlite(directory);
} finally {
  await rm(directory, { recursive: true });
}

/** The same questions to SQLite, in memory and with an index for each of them. */
async function sqlite(directory) {
  const data = join(directory, "jobs.json");
  const rows = jobs.map((job) => [
    Number(job.id),
    job.state,
    job.developer,
    Number(job.maxRate),
    Number(job.escrow / 10n ** 12n),
    job.need.millicores,
    job.need.mebibytes,
    job.need.gpus,
    job.need.region,
    job.state === "settled" ? job.settlement.settledAt : job.postedAt,
  ]);
  await writeFile(
    data,
    JSON.stringify({ rows, queries: QUERIES.map(([name, , , , where, order]) => [name, where, order]) }),
  );
  const script = `
import json, sqlite3, statistics, sys, time
data = json.load(open(sys.argv[1]))
db = sqlite3.connect(":memory:")
db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, state, developer, maxRate, escrow, millicores, mebibytes, gpus, region, deadline)")
db.executemany("INSERT INTO jobs VALUES (?,?,?,?,?,?,?,?,?,?)", data["rows"])
for columns in ("state, maxRate", "developer, escrow", "state, deadline"):
    db.execute(f"CREATE INDEX i_{columns.replace(', ', '_')} ON jobs ({columns})")
for name, where, order in data["queries"]:
    times = []
    for _ in range(${ROUNDS}):
        start = time.perf_counter()
        db.execute(f"SELECT * FROM jobs WHERE {where} ORDER BY {order} LIMIT 100").fetchall()
        db.execute(f"SELECT count(*) FROM jobs WHERE {where}").fetchone()
        times.append((time.perf_counter() - start) * 1000)
    print(f"SQLite {sqlite3.sqlite_version}: {name}\\t{statistics.median(times)}")
`;
  const { status, stdout } = spawnSync("python3", ["-c", script, data], { encoding: "utf8" });
  if (status !== 0) {
    console.log("SQLite: left out, there is no python3 with sqlite3");
    return;
  }
  for (const line of stdout.trim().split("\n")) {
    const [name, ms] = line.split("\t");
    row(name, Number(ms));
  }
}
