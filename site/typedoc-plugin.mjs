/**
 * Plugin of TypeDoc for the site: titles of the documents, links to the other parts of the site, and
 * pages without inline scripts, so that they work under a strict Content-Security-Policy.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { Converter, PageEvent, ReflectionKind, RendererEvent } from "typedoc";

/** Prefix of links from the root of the site, in `navigationLinks`. */
const SITE = "site:";
const THEME_SCRIPT = "assets/theme.js";
const MAIN_SCRIPT = "assets/main.js";
/** Inserts the styles of the filters; the site has no filters, but an empty element is not allowed either. */
const FILTER_STYLE = 'document.head.appendChild(document.createElement("style"))';
/** Priority of a listener that runs after TypeDoc's own, which write the scripts. */
const AFTER_ASSETS = -1000;
/**
 * Titles of documents whose first heading is ambiguous or missing, by path.
 *
 * @type {Record<string, string>}
 */
const TITLES = {
  "cloud/npm/README.md": "tpa-cloud for Node",
  "docs/crate.md": "The Rust crate",
  "docs/compatibility.md": "Moving from @mentra/sdk",
  "bench/results/clients.md": "Benchmarks",
  "bench/results/cloud.md": "Benchmarks of tpa-cloud",
};

/** @param {import("typedoc").Application} app */
export function load(app) {
  /** @type {string | undefined} */
  let inline;

  // Options that are set earlier are replaced by those of the file.
  app.on("bootstrapEnd", () => app.options.setValue("markdownItLoader", countCodeInHeadings));

  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    document.name = TITLES[document.name + ".md"] ?? firstHeading(document) ?? document.name;
    for (const part of document.content) {
      // Rustdoc's attributes, which the highlighter does not know.
      if (part.kind === "code") part.text = part.text.replace(/^(\s*```rust),\S+/, "$1");
    }
  });

  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, declaration) => {
    if (declaration.kind === ReflectionKind.Module) declaration.name = importName(declaration.name);
  });

  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    // The page shows the name of the project above it.
    const [text] = project.readme ?? [];
    if (text) text.text = text.text.replace(/^# .+\n/, "");
  });

  app.renderer.on(PageEvent.END, (page) => {
    const root = "../".repeat(page.url.split("/").length - 1);
    page.contents = (page.contents ?? "")
      .replaceAll(`href="${SITE}`, `href="${root}`)
      .replaceAll(/<script>(.*?)<\/script>/gs, (_, /** @type {string} */ code) => {
        if (inline !== undefined && inline !== code) throw new Error("TypeDoc writes several inline scripts");
        inline = code;
        return `<script src="${root}${THEME_SCRIPT}"></script>`;
      });
  });

  app.renderer.on(
    RendererEvent.END,
    ({ outputDirectory }) => {
      if (inline !== undefined) writeFileSync(path.join(outputDirectory, THEME_SCRIPT), `${inline}\n`);
      const script = path.join(outputDirectory, MAIN_SCRIPT);
      const code = readFileSync(script, "utf8");
      if (!code.includes(FILTER_STYLE))
        throw new Error(`${MAIN_SCRIPT} of this TypeDoc has no ${FILTER_STYLE}`);
      writeFileSync(script, code.replace(FILTER_STYLE, 'document.createElement("style")'));
    },
    AFTER_ASSETS,
  );
}

/**
 * Name by which a module is imported, from the path of its types; that of `index.d.ts` is its folder.
 *
 * @param {string} file
 */
function importName(file) {
  const [, entry = ""] = /([^/]+)$/.exec(file) ?? [];
  const name = file.startsWith("cloud/") ? "tpa-cloud" : "tpa-session";
  return entry === "types" ? name : `${name}/${entry}`;
}

/**
 * Text of the first heading, without its markup.
 *
 * @param {import("typedoc").DocumentReflection} document
 */
function firstHeading({ content }) {
  const text = content.map((part) => part.text).join("");
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll("`", "");
}

/**
 * Makes code in a heading part of its anchor, as on a forge, and of the outline of the page: TypeDoc
 * takes the text of a heading from `text` tokens only.
 *
 * @param {any} parser of markdown-it
 */
function countCodeInHeadings(parser) {
  parser.core.ruler.push("code_in_headings", (/** @type {any} */ state) => {
    for (const [index, heading] of state.tokens.entries()) {
      if (heading.type !== "heading_open") continue;
      for (const child of state.tokens[index + 1].children) {
        // Rendered from its content; the children are only read for the text.
        if (child.type === "code_inline") child.children = [{ type: "text", content: child.content }];
      }
    }
  });
}
