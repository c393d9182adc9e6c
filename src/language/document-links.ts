import { pathToFileURL } from "node:url";
import type { DocumentLink } from "vscode-languageserver/node";
import { visit } from "yaml";
import type { Feature } from "./feature";
import { select } from "./rules/select";
import type { SpecDocument } from "./spec-document";

/** Links to addresses, to the pages of images, and to the directories that are mounted. */
export const documentLinks: Feature = {
  capabilities: { documentLinkProvider: {} },
  register({ connection, documents }) {
    connection.onDocumentLinks(({ textDocument }) => {
      const document = documents.get(textDocument.uri);
      return document === undefined ? [] : [...addresses(document), ...images(document), ...mounts(document)];
    });
  },
};

function addresses(document: SpecDocument): DocumentLink[] {
  const links: DocumentLink[] = [];
  if (document.yaml !== undefined) {
    visit(document.yaml, {
      Scalar(_key, scalar) {
        const text = typeof scalar.value === "string" ? scalar.value : "";
        if (/^https?:\/\/[^\s$]+$/.test(text) && URL.canParse(text)) {
          links.push({ range: document.range(scalar), target: text });
        }
      },
    });
  }
  return links;
}

function images(document: SpecDocument): DocumentLink[] {
  return select(document, "services.*.image.name").flatMap(({ node, text }) => {
    const target = imagePage(text ?? "");
    return target === undefined ? [] : [{ range: document.range(node), target, tooltip: "Open the image's page" }];
  });
}

/** The page of an image in its registry's web site, for the registries whose pages are known. */
export function imagePage(image: string): string | undefined {
  const name = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  if (!/^[a-z0-9][a-z0-9._/:-]*$/.test(name)) {
    return undefined;
  }
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = hasRegistry ? rest.join("/") : name;
  if (!hasRegistry || first === "docker.io") {
    const official = path.replace(/^library\//, "");
    return official.includes("/") ? `https://hub.docker.com/r/${official}` : `https://hub.docker.com/_/${official}`;
  }
  if (first === "ghcr.io") {
    return `https://ghcr.io/${path}`;
  }
  return first === "quay.io" ? `https://quay.io/repository/${path}` : undefined;
}

function mounts(document: SpecDocument): DocumentLink[] {
  return select(document, "services.*.storage.[].source").flatMap(({ node, text }) =>
    text?.startsWith("/") === true
      ? [{ range: document.range(node), target: pathToFileURL(text).href, tooltip: "Open what is mounted" }]
      : [],
  );
}
