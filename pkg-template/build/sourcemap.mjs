/** Source maps from minified files to their sources. */
import { decode, encode } from "@jridgewell/sourcemap-codec";

/** Paths of the modules in a map, and the names that a debugger shows instead. */
/** @type {[folder: RegExp, shown: string][]} */
const FOLDERS = [
  [/.*\bsrc\/web\/(?=js\/)/, "tpa-session/web/"],
  [/.*\bpkg-template\/src\//, "tpa-session/"],
];

/** Module that decodes the inlined wasm; a debugger has nothing to show there. */
const DECODER = /^tpa-session\/wasm\/inline\.js$/;

/**
 * The name that a debugger shows for a source, without the folder where it was built.
 * @param {string} path
 * @returns {string | undefined} undefined for modules of others and for generated ones
 */
export function sourceName(path) {
  const found = FOLDERS.find(([folder]) => folder.test(path));
  return found && path.replace(...found);
}

/**
 * Reduces a map to the modules of the package and to lines: columns would double its size.
 *
 * @param {string} json map made by esbuild
 * @param {string} file name of the bundle
 * @param {string[]} others names of sources to leave out
 * @returns {{ json: string, sources: string[] }} the map, and the names of its sources
 */
export function slimMap(json, file, others) {
  /** @type {{ sources: string[], sourcesContent: string[], mappings: string }} */
  const { sources, sourcesContent, mappings } = JSON.parse(json);
  const names = sources.map((path) => {
    const name = sourceName(path);
    return name !== undefined && !DECODER.test(name) && !others.includes(name) ? name : undefined;
  });
  const kept = [...names.keys()].filter((source) => names[source] !== undefined);
  const renumbered = new Map(kept.map((source, i) => [source, i]));
  const map = {
    version: 3,
    file,
    sources: kept.map((source) => names[source]),
    sourcesContent: kept.map((source) => sourcesContent[source]),
    names: [],
    mappings: encode(decode(mappings).map((line) => byLine(line, renumbered))),
  };
  return { json: JSON.stringify(map), sources: kept.map((source) => names[source] ?? "") };
}

/**
 * The segments at which another line of a source begins, or code without a source.
 * @param {import("@jridgewell/sourcemap-codec").SourceMapSegment[]} segments of one line of the bundle
 * @param {Map<number, number>} renumbered new numbers of the sources that are kept
 */
function byLine(segments, renumbered) {
  /** @type {import("@jridgewell/sourcemap-codec").SourceMapSegment[]} */
  const slim = [];
  let before = "";
  for (const [column, source, line = 0, at = 0] of segments) {
    const kept = source === undefined ? undefined : renumbered.get(source);
    const here = kept === undefined ? "" : `${kept}:${line}`;
    if (here !== before) slim.push(kept === undefined ? [column] : [column, kept, line, at]);
    before = here;
  }
  return slim;
}
