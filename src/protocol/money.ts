const DECIMALS = 18;
const UNIT = 10n ** 18n;
const HOUR = 3_600n;
const GRAIN = 10n ** 9n;
const NOTICEABLE = 10n ** 12n;

/** The text is no amount of money; `message` says why, for the user. */
export class InvalidAmount extends Error {
  override readonly name = "InvalidAmount";
}

/**
 * `1,234.5`: an amount, rounded to 9 decimal places and cut off after `digits`; of a small amount, two significant digits.
 *
 * @param wei smallest unit, 10^-18
 */
export function formatAmount(wei: bigint | string, digits = 4): string {
  const value = BigInt(wei);
  const [sign, exact] = value < 0n ? ["-", -value] : ["", value];
  // Prices a second are rounded down, so their multiples end in many nines, which nobody wants to read.
  const size = exact > NOTICEABLE ? ((exact + GRAIN / 2n) / GRAIN) * GRAIN : exact;
  const whole = (size / UNIT).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = (size % UNIT).toString().padStart(DECIMALS, "0");
  const first = fraction.search(/[1-9]/);
  const places = size < UNIT && first >= digits - 1 ? Math.min(DECIMALS, first + 2) : digits;
  const shown = fraction.slice(0, places).replace(/0+$/, "");
  return `${sign}${whole}${shown === "" ? "" : `.${shown}`}`;
}

/** `12.5 OTT`. @param wei smallest unit */
export function formatOtt(wei: bigint | string): string {
  return `${formatAmount(wei)} OTT`;
}

/**
 * A price a second as a price an hour, rounded to 10^-9 OTT: what was written as an hour's price comes out as it was written.
 *
 * @param rate wei of OTT a second
 */
export function hourly(rate: bigint | string): bigint {
  return ((BigInt(rate) * HOUR + GRAIN / 2n) / GRAIN) * GRAIN;
}

/** `0.36 OTT/h`. @param rate wei of OTT a second */
export function formatRatePerHour(rate: bigint | string): string {
  return `${formatAmount(hourly(rate))} OTT/h`;
}

/**
 * Reads an amount as a user writes it: digits with at most 18 decimal places; spaces and thousands' commas are let through.
 *
 * @returns smallest unit
 * @throws InvalidAmount
 */
export function parseAmount(text: string): bigint {
  const plain = text
    .trim()
    .replace(/[\s_]/g, "")
    .replace(/,(?=\d{3}(\D|$))/g, "");
  const match = /^(\d{1,15})(?:\.(\d*))?$/.exec(plain);
  if (match === null) {
    throw new InvalidAmount(plain === "" ? "Write an amount." : "Write a number such as 12.5.");
  }
  const [, whole = "0", fraction = ""] = match;
  if (fraction.length > DECIMALS) {
    throw new InvalidAmount("At most 18 decimal places exist.");
  }
  return BigInt(whole) * UNIT + BigInt(fraction.padEnd(DECIMALS, "0") || "0");
}

/**
 * A price an hour as the contract keeps it, a price a second. Rounded down, so that it is never more than what was written.
 *
 * @returns wei a second
 * @throws InvalidAmount when it is less than the smallest price
 */
export function ratePerSecond(perHour: bigint): bigint {
  const rate = perHour / HOUR;
  if (rate === 0n) {
    throw new InvalidAmount("The price must be more than zero.");
  }
  return rate;
}

/** Exact decimal text of an amount, for a field that is edited. */
export function editableAmount(wei: bigint | string): string {
  const value = BigInt(wei);
  const fraction = (value % UNIT).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return fraction === "" ? String(value / UNIT) : `${value / UNIT}.${fraction}`;
}
