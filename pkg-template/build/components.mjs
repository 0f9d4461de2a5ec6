/**
 * Third-party code in the package: the crates that are compiled into the wasm, and the npm packages
 * that are bundled.
 *
 * @typedef {object} Crate as `cargo metadata` describes it
 * @property {string} id
 * @property {string} name
 * @property {string} version
 * @property {string} license
 * @property {string} manifest_path
 * @property {{ kind: string[] }[]} targets
 *
 * @typedef {Pick<Crate, "name" | "version" | "license" | "manifest_path"> & { kind: "cargo" | "npm" }} Component
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * True for crates that run in the compiler and are not linked.
 * @param {Crate} crate
 */
const isProcMacro = (crate) => crate.targets.some(({ kind }) => kind.includes("proc-macro"));

/** First lines of THIRD-PARTY-NOTICES. */
const HEAD = [
  "tpa-session contains third-party code: in its WebAssembly the Rust standard library (MIT OR",
  "Apache-2.0, copyright The Rust Project Contributors) and the crates below, and in its server the",
  "npm packages of @remix-run below. The core in JavaScript is a translation of the WebAssembly by",
  "binaryen (Apache-2.0, copyright WebAssembly Community Group participants), and contains a few",
  "functions of it. Where there is a choice, the MIT license is used.",
];

/** Bundled npm packages. */
const BUNDLED = ["@remix-run/headers", "@remix-run/multipart-parser"];

/**
 * The linked crates and the bundled npm packages, each sorted by name.
 * @returns {Component[]}
 */
export function components() {
  const crates = linkedCrates().map((crate) => ({ ...crate, kind: /** @type {const} */ ("cargo") }));
  const packages = BUNDLED.map((name) => {
    const manifest_path = join(root, "node_modules", name, "package.json");
    /** @type {{ version: string, license: string }} */
    const { version, license } = JSON.parse(readFileSync(manifest_path, "utf8"));
    return { kind: /** @type {const} */ ("npm"), name, version, license, manifest_path };
  });
  return [...crates, ...packages];
}

/** The linked crates, sorted by name. */
function linkedCrates() {
  const args = ["metadata", "--format-version=1", "--locked", "--features=small-allocator"];
  const target = "--filter-platform=wasm32-unknown-unknown";
  const output = execFileSync("cargo", [...args, target], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "ignore"],
  });
  /**
   * @type {{
   *   packages: Crate[],
   *   resolve: {
   *     root: string | null,
   *     nodes: { id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }[],
   *   },
   * }}
   */
  const { packages, resolve } = JSON.parse(output);
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const dependencies = new Map(resolve.nodes.map(({ id, deps }) => [id, deps]));
  /** @param {string} id */
  const crateOf = (id) => /** @type {Crate} */ (crates.get(id));
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {string} id */
  const collect = (id) => {
    if (found.has(id) || isProcMacro(crateOf(id))) return;
    found.add(id);
    for (const { pkg, dep_kinds } of dependencies.get(id) ?? []) {
      if (dep_kinds.some(({ kind }) => kind === null)) collect(pkg);
    }
  };
  for (const { id } of packages.filter(({ name }) => name === "tpa-session")) collect(id);
  return [...found]
    .map(crateOf)
    .filter(({ name }) => name !== "tpa-session")
    .sort((one, other) => one.name.localeCompare(other.name));
}

/**
 * The text of THIRD-PARTY-NOTICES: each copyright notice once with its crates, grouped by the
 * terms that follow them.
 *
 * @param {Component[]} components
 * @param {string[]} [head] lines at the beginning
 */
export function notices(components, head = HEAD) {
  /** @type {Map<string, { terms: string, copyrights: Map<string, string[]> }>} */
  const licences = new Map();
  for (const crate of components) {
    for (const text of licencesOf(crate)) {
      const { copyright, terms } = split(text);
      // Texts that differ only in line breaks are the same.
      const words = terms.replace(/\s+/g, " ");
      const licence = licences.get(words) ?? { terms, copyrights: new Map() };
      licences.set(words, licence);
      const { copyrights } = licence;
      const about = `${crate.name} ${crate.version} (${crate.license})`;
      copyrights.set(copyright, [...(copyrights.get(copyright) ?? []), about]);
    }
  }
  const parts = Array.from(licences.values(), ({ terms, copyrights }) => {
    const heads = Array.from(
      copyrights,
      ([copyright, names]) => `${names.join("\n")}\n\n${copyright || "(without a copyright notice)"}`,
    );
    return [...heads, terms].join("\n\n");
  });
  return [head.join("\n"), ...parts].join(`\n\n${"-".repeat(80)}\n\n`);
}

/** Last line of the terms of Apache-2.0. Its appendix tells authors how to apply them, and may have their notice. */
const END_OF_TERMS = "END OF TERMS AND CONDITIONS";

/**
 * Splits a licence into its copyright notice and its terms.
 * @param {string} text
 */
function split(text) {
  const end = text.indexOf(END_OF_TERMS);
  if (end !== -1) {
    const [copyright = ""] = /^ *Copyright \d.*/m.exec(text.slice(end)) ?? [];
    return { copyright: copyright.trim(), terms: text.slice(0, end + END_OF_TERMS.length) };
  }
  const start = Math.max(text.search(/^Permission is hereby granted/m), 0);
  return { copyright: text.slice(0, start).trim(), terms: text.slice(start) };
}

/**
 * The licence texts of a component: the MIT one of alternatives, and those that apply in addition.
 * @param {Component} component
 */
function licencesOf({ manifest_path, license }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  /** @param {string} part */
  const named = (part) => files.find((name) => name.toLowerCase().includes(part.toLowerCase()));
  const additional = license.split(" AND ").slice(1);
  const chosen = [named("mit") ?? files[0], ...additional.map((name) => named(name.replace(/-.*/, "")))];
  return chosen.map((file) =>
    file === undefined
      ? "(its licence comes without a text)"
      : readFileSync(join(folder, file), "utf8").trim(),
  );
}

/**
 * The bill of materials in CycloneDX 1.6.
 * @param {Component[]} components
 * @param {{ name: string, version: string, license: string }} manifest
 */
export function billOfMaterials(components, { name, version, license }) {
  /** @param {string} kind @param {{ name: string, version: string }} component */
  const purl = (kind, { name, version }) => `pkg:${kind}/${name.replace("@", "%40")}@${version}`;
  /** @param {Component} component */
  const entry = (component) => ({
    type: "library",
    "bom-ref": purl(component.kind, component),
    name: component.name,
    version: component.version,
    purl: purl(component.kind, component),
    licenses: [{ expression: component.license }],
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "library",
        "bom-ref": purl("npm", { name, version }),
        name,
        version,
        purl: purl("npm", { name, version }),
        licenses: [{ license: { id: license } }],
      },
    },
    components: components.map(entry),
    dependencies: [
      { ref: purl("npm", { name, version }), dependsOn: components.map((each) => purl(each.kind, each)) },
    ],
  };
}
