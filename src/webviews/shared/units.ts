const KIB = 1024;
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
const RATES = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];

/** `250 mcores`, `1.5 cores`. @param millicores */
export function formatCpu(millicores: number): string {
  if (millicores >= 1_000) {
    return `${significant(millicores / 1_000)} ${millicores === 1_000 ? "core" : "cores"}`;
  }
  return `${significant(millicores)} mcores`;
}

/** `24 MiB`. @param bytes */
export function formatSize(bytes: number): string {
  return scaled(bytes, KIB, SIZES);
}

/** `1.2 kB/s`. @param bytesPerSecond */
export function formatRate(bytesPerSecond: number): string {
  return scaled(bytesPerSecond, 1_000, RATES);
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = value;
  let step = 0;
  while (rest >= base && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  return `${step === 0 ? Math.round(rest) : significant(rest)} ${units[step] ?? ""}`;
}

/** About three digits, and no zeros at the end. */
function significant(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
