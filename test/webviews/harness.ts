import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { webviewBundles } from "../../scripts/webview-bundles.mjs";
import { webviewHtml } from "../../src/extension/panels/webview-html";
import themes from "./themes.json";

export type ThemeName = keyof typeof themes;
export const themeNames = Object.keys(themes) as ThemeName[];

const CONTENT_TYPES: Record<string, string> = { ".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf" };

/** A webview in a page of its own: what it posts goes to `onMessage`, and `post` sends to it. */
export interface WebviewPage {
  readonly page: Page;
  post(message: unknown): Promise<void>;
  setTheme(theme: ThemeName): Promise<void>;
  /** Errors of the page and refusals by its content security policy. */
  readonly faults: string[];
}

/** Builds the webviews, serves them as VS Code would, and opens them in Chromium. */
export class WebviewHarness {
  readonly #dir: string;
  readonly #server: Server;
  readonly #browser: Browser;

  private constructor(dir: string, server: Server, browser: Browser) {
    this.#dir = dir;
    this.#server = server;
    this.#browser = browser;
  }

  static async start(): Promise<WebviewHarness> {
    const dir = await mkdtemp(join(tmpdir(), "zlayer-webviews-"));
    await build({ bundle: true, minify: true, logLevel: "error", ...webviewBundles(dir) });
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const name = url.searchParams.get("webview");
      if (name !== null) {
        response.setHeader("content-type", "text/html");
        response.end(pageOf(name, `http://${request.headers.host}`));
        return;
      }
      const file = basename(url.pathname);
      readFile(join(dir, file)).then(
        (content) => {
          response.setHeader("content-type", CONTENT_TYPES[extname(file)] ?? "application/octet-stream");
          response.end(content);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const browser = await chromium.launch({
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
      ],
    });
    return new WebviewHarness(dir, server, browser);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** @param state What the webview had saved before. */
  async open(
    name: string,
    options: { theme?: ThemeName; width?: number; height?: number; state?: unknown },
    onMessage: (message: unknown) => void,
  ): Promise<WebviewPage> {
    const context = await this.#browser.newContext({
      viewport: { width: options.width ?? 1100, height: options.height ?? 640 },
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") {
        faults.push(message.text());
      }
    });
    await page.exposeFunction("postToHost", onMessage);
    await page.addInitScript(installApi, { state: options.state, theme: themes[options.theme ?? "dark"] });
    const { port } = this.#server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?webview=${name}`);
    return {
      page,
      faults,
      post: async (message) => {
        await page.evaluate((data) => window.postMessage(data, "*"), message);
      },
      setTheme: (theme) => page.evaluate(applyTheme, themes[theme]),
    };
  }
}

function pageOf(name: string, origin: string): string {
  return webviewHtml({
    title: name,
    cspSource: origin,
    scriptNonce: randomBytes(16).toString("base64url"),
    styleNonce: randomBytes(16).toString("base64url"),
    script: `${origin}/${name}.js`,
    style: `${origin}/${name}.css`,
  });
}

interface ThemeFixture {
  readonly className: string;
  readonly kind: string;
  readonly variables: Record<string, string>;
}

/** Runs in the page, before anything else: what VS Code gives a webview. */
function installApi({ state, theme }: { state: unknown; theme: ThemeFixture }): void {
  let saved = state;
  const host = window as unknown as { postToHost(message: unknown): void; savedState(): unknown };
  Object.assign(window, {
    savedState: () => saved,
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => host.postToHost(message),
      getState: () => saved,
      setState: (next: unknown) => {
        saved = JSON.parse(JSON.stringify(next));
      },
    }),
  });
  const observer = new MutationObserver(() => {
    if (document.body !== null) {
      observer.disconnect();
      document.body.className = theme.className;
      document.body.dataset["vscodeThemeKind"] = theme.kind;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(
        "@layer vscode-default { body { background-color: transparent; color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); margin: 0; padding: 0 20px; } ::-webkit-scrollbar { width: 10px; height: 10px; } ::-webkit-scrollbar-thumb { background-color: var(--vscode-scrollbarSlider-background); } }",
      );
      document.adoptedStyleSheets.push(sheet);
      for (const [variable, value] of Object.entries(theme.variables)) {
        document.documentElement.style.setProperty(variable, value);
      }
    }
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Runs in the page: the user picks another theme. */
function applyTheme(theme: ThemeFixture): void {
  document.documentElement.removeAttribute("style");
  for (const [variable, value] of Object.entries(theme.variables)) {
    document.documentElement.style.setProperty(variable, value);
  }
  document.body.className = theme.className;
  document.body.dataset["vscodeThemeKind"] = theme.kind;
}
