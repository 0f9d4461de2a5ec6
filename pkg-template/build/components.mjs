/** What of others is in the package: the crates that are compiled into the wasm. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Crates that run while others are compiled, and leave only what they write. */
const isCompileTime = (crate) => crate.targets.some(({ kind }) => kind.includes("proc-macro"));

/** The crates, in order of their names, as `cargo metadata` tells of them. */
export function components() {
  const args = ["metadata", "--format-version=1", "--locked", "--features=small-allocator"];
  const target = "--filter-platform=wasm32-unknown-unknown";
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "ignore"] };
  const { packages, resolve } = JSON.parse(execFileSync("cargo", [...args, target], options));
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const found = new Set();
  const collect = (id) => {
    if (found.has(id) || isCompileTime(crates.get(id))) return;
    found.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null)) collect(pkg);
    }
  };
  collect(resolve.root ?? packages.find(({ name }) => name === "tpa-session").id);
  return [...found]
    .map((id) => crates.get(id))
    .filter(({ name }) => name !== "tpa-session")
    .sort((one, other) => one.name.localeCompare(other.name));
}

/**
 * The licences that apply: each copyright notice once, with the crates that are under it, and
 * beneath all those of the same terms the terms.
 */
export function notices(crates) {
  /** @type {Map<string, { terms: string, copyrights: Map<string, string[]> }>} */
  const licences = new Map();
  for (const crate of crates) {
    for (const text of licencesOf(crate)) {
      const { copyright, terms } = parted(text);
      // However their lines are broken.
      const words = terms.replace(/\s+/g, " ");
      if (!licences.has(words)) licences.set(words, { terms, copyrights: new Map() });
      const { copyrights } = licences.get(words);
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
  const head = [
    "tpa-session contains code of others, compiled into its WebAssembly: the Rust standard library",
    "(MIT OR Apache-2.0, copyright The Rust Project Contributors) and the crates below. Where there",
    "is a choice, it is used under the MIT license.",
  ];
  return [head.join("\n"), ...parts].join(`\n\n${"-".repeat(80)}\n\n`);
}

/** A licence as whose it is and what it says. */
function parted(text) {
  const start = Math.max(text.search(/^Permission is hereby granted/m), 0);
  return { copyright: text.slice(0, start).trim(), terms: text.slice(start) };
}

/** The texts of a crate's licences: the MIT one where there is a choice, and what applies besides. */
function licencesOf({ manifest_path, license }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder).filter((name) => /^licen[cs]e/i.test(name));
  const named = (part) => files.find((name) => name.toLowerCase().includes(part.toLowerCase()));
  const besides = license.split(" AND ").slice(1);
  const chosen = [named("mit") ?? files[0], ...besides.map((name) => named(name.split("-")[0]))];
  return chosen.map((file) =>
    file === undefined
      ? "(its licence comes without a text)"
      : readFileSync(join(folder, file), "utf8").trim(),
  );
}

/** A bill of materials, CycloneDX 1.6. */
export function billOfMaterials(crates, { name, version, license }) {
  const purl = (kind, { name, version }) => `pkg:${kind}/${name}@${version}`;
  const component = (crate) => ({
    type: "library",
    "bom-ref": purl("cargo", crate),
    name: crate.name,
    version: crate.version,
    purl: purl("cargo", crate),
    licenses: [{ expression: crate.license }],
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
    components: crates.map(component),
    dependencies: [
      { ref: purl("npm", { name, version }), dependsOn: crates.map((crate) => purl("cargo", crate)) },
    ],
  };
}
