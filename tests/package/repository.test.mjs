/** Facts that several files of the repository state: links, versions, examples. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { ROOT } from "../support/paths.mjs";

const text = (file) => readFileSync(join(ROOT, file), "utf8");
const manifest = JSON.parse(text("pkg-template/package.json"));
/** Pages that are shown where relative links lead nowhere: npm, crates.io and docs.rs. */
const PUBLISHED = ["pkg-template/README.md", "docs/crate.md"];

/** Folders and files that only exist after a command. */
const IGNORED = new Set(["pkg/", "pkg-cloud/", "target/site/", "found/", "artifacts/", "sbom.cdx.json"]);

const tracked = (...patterns) =>
  execFileSync("git", ["ls-files", "-z", "--", ...patterns], { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((file) => file !== "");

const pages = tracked("*.md").filter(
  (file) => !file.startsWith("bench/results/") && existsSync(join(ROOT, file)),
);

/** Targets of the links and pictures of a page, outside of its code. */
function links(page) {
  const prose = text(page)
    .replaceAll(/^```.*?^```$/gms, "")
    .replaceAll(/`[^`\n]*`/g, "");
  return Array.from(prose.matchAll(/\]\(\s*<?([^)>\s]+)>?\s*\)/g), ([, target]) => target);
}

/** Anchor of a heading, as forges make them. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchors = (page) => Array.from(text(page).matchAll(/^#+ (.*)$/gm), ([, heading]) => anchor(heading));

for (const page of pages) {
  test(`links of ${page}`, () => {
    for (const link of links(page)) {
      if (/^[a-z]+:/.test(link)) continue;
      assert.ok(!PUBLISHED.includes(page), `${link} is relative`);
      const [path, fragment] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      assert.ok(existsSync(join(ROOT, target)), `${link}: there is no ${target}`);
      if (fragment !== undefined && target.endsWith(".md")) {
        assert.ok(anchors(target).includes(fragment), `${link}: no heading of ${target} has this anchor`);
      }
    }
  });
}

for (const page of ["CONTRIBUTING.md", "SECURITY.md", "docs/ARCHITECTURE.md", "fuzz/README.md"]) {
  test(`paths that ${page} names exist`, () => {
    const prose = text(page).replaceAll(/^```.*?^```$/gms, "");
    // Not `tpa-session/full`, which is imported.
    const names = Array.from(
      prose.matchAll(/`((?!tpa-session\/)[\w.-]+(?:\/[\w.-]+)*\/?)`/g),
      ([, name]) => name,
    );
    // A name with a slash or an ending is a path: from the root, from the page, or within a folder named on its line.
    for (const name of names.filter(
      (name) => !name.includes("NAME") && /\/|\.(?:rs|md|mjs|js|ts|toml|json)$/.test(name),
    )) {
      const line = prose.split("\n").find((line) => line.includes(`\`${name}\``)) ?? "";
      const folders = [
        "",
        dirname(page),
        ...Array.from(line.matchAll(/`([\w./-]+)`/g), ([, folder]) => folder),
      ];
      assert.ok(
        IGNORED.has(name) || folders.some((folder) => existsSync(join(ROOT, folder, name))),
        `there is no ${name}`,
      );
    }
  });
}

test("SECURITY.md cites tests that exist", () => {
  const citations = Array.from(text("SECURITY.md").matchAll(/`([\w./-]+)`: \*([^*]+)\*/g));
  assert.ok(citations.length >= 12);
  for (const [, file, name] of citations) assert.ok(text(file).includes(name), `${file}: ${name}`);
});

/** Folders with a package-lock.json of their own, "." for the root. */
const LOCKED = tracked("package-lock.json", "**/package-lock.json").map(dirname);

/** Packages whose licence the lock file does not name. Only tests and measurements install them. */
const UNNAMED = ["@mentra/sdk", "@mentra/types", "busboy", "exif-parser", "streamsearch"];

/** Licences of tools and of packages for tests, none of which is shipped. */
const LICENCES = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC-BY-4.0",
  "CC0-1.0",
  "ISC",
  "LGPL-3.0-or-later",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "Python-2.0",
  "Zlib",
];

for (const folder of LOCKED) {
  test(`packages of ${join(folder, "package-lock.json")} have known licences and run no scripts`, () => {
    const { packages } = JSON.parse(text(join(folder, "package-lock.json")));
    const installed = Object.entries(packages).filter(([path, { link }]) => path !== "" && !link);
    assert.ok(installed.length > 0);
    for (const [path, { license }] of installed) {
      if (UNNAMED.includes(path.replace(/^.*node_modules\//, ""))) continue;
      const known = license ?? "none";
      for (const one of known.replaceAll(/[()]/g, "").split(/ (?:AND|OR) /)) {
        assert.ok(LICENCES.includes(one), `${path}: ${known}`);
      }
    }
    assert.match(text(join(folder, ".npmrc")), /^ignore-scripts=true$/m);
  });
}

test("advisories and updates are looked for in each folder with a package-lock.json", () => {
  assert.ok(LOCKED.length >= 5);
  const sorted = (folders) => folders.map((folder) => join(".", folder)).toSorted();
  const quoted = (list) => Array.from(list.matchAll(/"([^"]*)"/g), ([, folder]) => folder);
  const [, local] = /^const LOCKED: .* = \[([^\]]*)\];$/m.exec(text("xtask/src/test/dependencies.rs"));
  assert.deepEqual(sorted(quoted(local)), sorted(LOCKED), "xtask/src/test/dependencies.rs");
  const [, workflow] = /for folder in (.*); do\n *npm audit/.exec(text(".github/workflows/ci.yml"));
  assert.deepEqual(sorted(workflow.split(" ")), sorted(LOCKED), ".github/workflows/ci.yml");
  const [, updates] = /package-ecosystem: npm\n *directories: (\[.*\])/.exec(text(".github/dependabot.yml"));
  const folders = quoted(updates).map((folder) => folder.slice(1));
  assert.deepEqual(sorted(folders), sorted(LOCKED), ".github/dependabot.yml");
});

test("no build of the workflows or of xtask leaves the lock files", () => {
  const commands = tracked(".github/workflows", "xtask/src", ".ci")
    .flatMap((file) =>
      Array.from(
        text(file).matchAll(
          /(?:"(?:build|clippy|doc|rustc|run|test|package)",\s*|cargo (?:build|check|doc|package|publish|test) )[^\])\n]*[\])\n][^\n]*\n[^\n]*/g,
        ),
        ([command]) => [file, command],
      ),
    )
    .filter(([, command]) => command.includes("--package") || command.includes("--workspace"));
  assert.ok(commands.length > 10);
  for (const [file, command] of commands) assert.match(command, /--locked/, `${file}: ${command}`);
});

test("links of the published pages into the repository lead to files", () => {
  const blob = `${manifest.bugs.replace(/\/issues$/, "")}/blob/main/`;
  for (const page of PUBLISHED) {
    const inside = links(page).filter((link) => link.startsWith(blob));
    assert.ok(page !== "pkg-template/README.md" || inside.length > 5, page);
    for (const link of inside) {
      const [path, fragment] = link.slice(blob.length).split("#");
      assert.ok(existsSync(join(ROOT, path)), link);
      if (fragment !== undefined) assert.ok(anchors(path).includes(fragment), link);
    }
  }
});

test("the npm package's README shows the examples of the README", () => {
  const readme = text("README.md");
  const examples = Array.from(
    text("pkg-template/README.md").matchAll(/```(?:js|html)\n.*?```/gs),
    ([block]) => block,
  );
  assert.ok(examples.length >= 1);
  for (const example of examples) assert.ok(readme.includes(example), example);
});

test("all manifests name one version, and the changelog describes it", () => {
  const [, version] = /^version = "(.*)"$/m.exec(text("Cargo.toml"));
  assert.equal(manifest.version, version);
  assert.ok(text("CHANGELOG.md").includes(`\n## ${version}\n`));
  assert.ok(text("docs/crate.md").includes(`tpa-session = "${version.replace(/\.\d+$/, "")}"`));
  for (const lock of ["Cargo.lock", "examples/rust-pages/Cargo.lock"]) {
    assert.match(text(lock), new RegExp(`^name = "tpa-session"\nversion = "${version}"$`, "m"), lock);
  }
});

test("all manifests name one repository", () => {
  const [, repository] = /^repository = "(.*)"$/m.exec(text("Cargo.toml"));
  assert.equal(manifest.repository.url, `git+${repository}.git`);
  assert.equal(manifest.bugs, `${repository}/issues`);
  assert.equal(manifest.homepage, `${repository}#readme`);
  for (const page of pages) {
    for (const link of links(page).filter(
      (link) => link.includes("tpa-session") && /^https:\/\/[^/]*github/.test(link),
    )) {
      assert.ok(link.startsWith(repository), `${page}: ${link}`);
    }
  }
});

test("the tarballs of the crates hold fewer than 130 files each", () => {
  for (const name of ["tpa-session", "tpa-cloud"]) {
    const list = execFileSync("cargo", ["package", "--list", "--allow-dirty", "--package", name], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const files = list.trim().split("\n");
    assert.ok(files.length < 130, `${name}: ${files.length} files`);
    for (const file of ["LICENSE", "Cargo.toml", "src/lib.rs"])
      assert.ok(files.includes(file), `${name}: ${file}`);
    assert.deepEqual(
      files.filter((file) => /^(tests|bench|xtask|www|pkg-template|node_modules)\//.test(file)),
      [],
    );
  }
});
