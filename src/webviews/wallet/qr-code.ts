import { encode } from "uqr";

const SVG = "http://www.w3.org/2000/svg";
/** Light modules around the code, as the standard asks for. */
const QUIET = 4;

/** A QR code, dark on light whatever the theme: cameras expect that. */
export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: "L", border: 0 });
  const svg = document.createElementNS(SVG, "svg");
  const side = size + 2 * QUIET;
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const background = document.createElementNS(SVG, "rect");
  background.setAttribute("class", "qr-light");
  background.setAttribute("width", String(side));
  background.setAttribute("height", String(side));
  const modules = document.createElementNS(SVG, "path");
  modules.setAttribute("class", "qr-dark");
  modules.setAttribute("d", data.map((row, y) => rowPath(row, y)).join(""));
  svg.append(background, modules);
  return svg;
}

/** Each run of dark modules of a row as one rectangle. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < row.length; x += 1) {
    if (row[x]) {
      const from = x;
      while (row[x + 1]) {
        x += 1;
      }
      path += `M${from + QUIET} ${y + QUIET}h${x - from + 1}v1h-${x - from + 1}z`;
    }
  }
  return path;
}
