/** Shortest and longest time in sight, in seconds. */
export const SHORTEST_SPAN = 10;
export const LONGEST_SPAN = 3_600;

/** What part of the last hour is in sight. */
export interface TimeRange {
  /** Seconds in sight. */
  readonly span: number;
  /** Right edge in seconds since the Unix epoch; `undefined`: now, and it moves. */
  readonly to: number | undefined;
}

/** Left and right edge in seconds since the Unix epoch. @param now in the same unit */
export function edges(range: TimeRange, now: number): [from: number, to: number] {
  const to = range.to ?? now;
  return [to - range.span, to];
}

/** Moves by so many seconds, negative: back. At the right end of time the range follows it again. */
export function pan(range: TimeRange, seconds: number, now: number): TimeRange {
  return within(range.span, (range.to ?? now) + seconds, now);
}

/**
 * Changes how much is in sight and keeps the time at `anchor` (seconds since the Unix epoch) where it is. A range that
 * follows the time goes on following it.
 *
 * @param factor below 1: less is in sight
 */
export function zoom(range: TimeRange, factor: number, anchor: number, now: number): TimeRange {
  const span = Math.min(LONGEST_SPAN, Math.max(SHORTEST_SPAN, range.span * factor));
  if (range.to === undefined) {
    return { span, to: undefined };
  }
  const [from] = edges(range, now);
  const share = (anchor - from) / range.span;
  return within(span, anchor + (1 - share) * span, now);
}

function within(span: number, to: number, now: number): TimeRange {
  if (to >= now - 0.5) {
    return { span, to: undefined };
  }
  return { span, to: Math.max(to, now - LONGEST_SPAN + span) };
}
