/** A colour without transparency; each part from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Reads `rgb(…)` and `rgba(…)`, which is what a computed style holds. Transparency is laid over `backdrop`. */
export function parseRgb(text: string, backdrop: Rgb = [255, 255, 255]): Rgb | undefined {
  const match = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+)(%?))?\s*\)$/.exec(text.trim());
  if (match === null) {
    return undefined;
  }
  const alpha = match[4] === undefined ? 1 : Number(match[4]) / (match[5] === "%" ? 100 : 1);
  const mix = (part: string | undefined, behind: number): number => Number(part) * alpha + behind * (1 - alpha);
  return [mix(match[1], backdrop[0]), mix(match[2], backdrop[1]), mix(match[3], backdrop[2])];
}

/** WCAG contrast ratio of two colours, from 1 to 21. */
export function contrastRatio(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/**
 * The colour nearest to `color`, on its way to white or black, that can be read on `background`. Terminal colours are picked by
 * programs that do not know the theme.
 */
export function ensureContrast(color: Rgb, background: Rgb, ratio: number): Rgb {
  if (contrastRatio(color, background) >= ratio) {
    return color;
  }
  const target: Rgb = luminance(background) < 0.18 ? [255, 255, 255] : [0, 0, 0];
  for (let step = 1; step < 20; step += 1) {
    const mixed = mix(color, target, step / 20);
    if (contrastRatio(mixed, background) >= ratio) {
      return mixed;
    }
  }
  return target;
}

export function toCss([red, green, blue]: Rgb): string {
  return `rgb(${Math.round(red)}, ${Math.round(green)}, ${Math.round(blue)})`;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (a: number, b: number): number => Math.round(a + (b - a) * share);
  return [part(from[0], to[0]), part(from[1], to[1]), part(from[2], to[2])];
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (part: number): number => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
