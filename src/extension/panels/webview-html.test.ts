import { expect, test } from "vitest";
import { webviewHtml } from "./webview-html";

const PAGE = {
  title: "Logs: shop",
  cspSource: "https://files.example",
  scriptNonce: "n1",
  styleNonce: "n2",
  script: "https://files.example/logs.js",
  style: "https://files.example/logs.css",
};

test("a page runs the extension's script, and nothing else from anywhere", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(webviewHtml(PAGE))?.[1];
  expect(policy?.replaceAll("&#39;", "'").split("; ")).toEqual([
    "default-src 'none'",
    "script-src 'nonce-n1'",
    "style-src https://files.example 'nonce-n2'",
    "font-src https://files.example",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test("a title with markup stays a title", () => {
  const html = webviewHtml({ ...PAGE, title: '</title><script>alert("1")</script>' });
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).toContain("<title>&#60;/title&#62;&#60;script&#62;alert(&#34;1&#34;)");
});
