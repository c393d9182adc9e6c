const two = (part: number): string => String(part).padStart(2, "0");

/** `14:03:59.042` in local time; empty when the time is not known. */
export function formatClock(timeMs: number): string {
  if (timeMs <= 0) {
    return "";
  }
  const time = new Date(timeMs);
  const ms = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

/** `2026-05-03 14:03:59.042` in local time. */
export function formatMoment(timeMs: number): string {
  const time = new Date(timeMs);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${formatClock(timeMs)}`;
}

/**
 * Reads how far back a user wants to look: `90s`, `15m`, `2h`, `1d`, or a local time such as `14:30` (today) or
 * `2026-05-03 14:30`.
 *
 * @returns Milliseconds since the Unix epoch, or `undefined` when the text says no time or one in the future.
 */
export function parseSince(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim();
  const ago = /^(\d+(?:\.\d+)?)\s*([smhd])$/i.exec(trimmed);
  if (ago !== null) {
    const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[
      (ago[2] ?? "s").toLowerCase() as "s" | "m" | "h" | "d"
    ];
    return Math.max(0, Math.floor(nowMs - Number(ago[1]) * unit));
  }
  const moment = /^(?:(\d{4})-(\d{2})-(\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed);
  if (moment === null) {
    return undefined;
  }
  const now = new Date(nowMs);
  const [year, month, day] =
    moment[1] === undefined
      ? [now.getFullYear(), now.getMonth(), now.getDate()]
      : [Number(moment[1]), Number(moment[2]) - 1, Number(moment[3])];
  const [hours, minutes, seconds] = [Number(moment[4]), Number(moment[5]), Number(moment[6] ?? 0)];
  const time = new Date(year, month, day, hours, minutes, seconds);
  const exists =
    time.getMonth() === month && time.getDate() === day && time.getHours() === hours && minutes < 60 && seconds < 60;
  return exists && time.getTime() <= nowMs ? time.getTime() : undefined;
}
