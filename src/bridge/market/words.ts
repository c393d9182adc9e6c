// Figures of the market in words.
import { type Address, formatUnits } from "viem";

const NOTICEABLE = 10n ** 12n;
const GRAIN = 10n ** 9n;

/** `12.5 OTT`; rounded to nine digits after the point and cut off after six, and never `0` for a sum that is not. @param amount in wei */
export function ott(amount: bigint): string {
  return money(amount, "OTT");
}

/** A sum in the native currency. @param amount in wei */
export function money(amount: bigint, currency: string): string {
  // Prices a second are rounded down, so their multiples end in many nines.
  const size = amount > NOTICEABLE ? ((amount + GRAIN / 2n) / GRAIN) * GRAIN : amount;
  const [whole = "0", fraction = ""] = formatUnits(size, 18).split(".");
  const shown = fraction.slice(0, 6).replace(/0+$/, "");
  if (whole === "0" && shown === "" && amount > 0n) {
    return `less than 0.000001 ${currency}`;
  }
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${grouped}${shown === "" ? "" : `.${shown}`} ${currency}`;
}

/** A price for an hour, which people can compare. @param rate in wei for a second */
export function perHour(rate: bigint): string {
  return `${ott(rate * 3600n)} per hour`;
}

/** `2026-03-01 14:05:00 UTC`. @param seconds since 1970 */
export function time(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime())
    ? `second ${seconds}`
    : `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `1 d 4 h`, `15 min`, `30 s`: the two largest units. */
export function duration(seconds: number | bigint): string {
  let left = Math.max(0, Math.floor(Number(seconds)));
  const parts: string[] = [];
  for (const [name, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) {
      parts.push(`${count} ${name}`);
    }
  }
  return parts.length === 0 ? "0 s" : parts.slice(0, 2).join(" ");
}

/** `0x1234…abcd`. */
export function short(address: Address | string): string {
  return address.length > 12 ? `${address.slice(0, 6)}…${address.slice(-4)}` : address;
}

/** Hundredths of a percent as a percentage. */
export function percent(bps: number): string {
  return `${bps / 100} %`;
}
