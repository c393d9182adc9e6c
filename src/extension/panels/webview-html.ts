/** What a panel's page is made of. Addresses are those that the webview may load, as `asWebviewUri` gives them. */
export interface WebviewPage {
  readonly title: string;
  /** `webview.cspSource` */
  readonly cspSource: string;
  /** Two different random values, new for each page. */
  readonly scriptNonce: string;
  readonly styleNonce: string;
  readonly script: string;
  readonly style: string;
}

/**
 * The page of a panel: one script and one style sheet of the extension, and nothing else. The policy refuses inline code
 * and every other origin. A style element needs a nonce, which the controls find in the page: they try out with an empty one
 * what the browser supports.
 */
export function webviewHtml(page: WebviewPage): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${page.scriptNonce}'`,
    `style-src ${page.cspSource} 'nonce-${page.styleNonce}'`,
    `font-src ${page.cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta property="csp-nonce" content="${escapeHtml(page.styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<link rel="stylesheet" href="${escapeHtml(page.style)}">
</head>
<body>
<main id="root"></main>
<script nonce="${escapeHtml(page.scriptNonce)}" src="${escapeHtml(page.script)}"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
