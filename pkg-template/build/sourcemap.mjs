/** Source maps from minified files to their sources. */
import { decode, encode } from "@jridgewell/sourcemap-codec";

/** Paths of the modules in a map, and the names that a debugger shows instead. */
const OURS = [
  [/.*\/snippets\/[^/]+\/src\/web\//, "tpa-session/web/"],
  [/.*\bpkg-template\/src\//, "tpa-session/"],
];

/** Module that decodes the inlined wasm; a debugger has nothing to show there. */
const DECODER = /^tpa-session\/wasm\/inline\.js$/;

/**
 * The name of a source without the place where it was built.
 * @param {string} path
 * @returns {string | undefined} undefined for what is not ours, or has no code to look at
 */
export function sourceName(path) {
  const found = OURS.find(([place]) => place.test(path));
  return found && path.replace(...found);
}

/**
 * Leaves of a map what a developer can use: our own modules, by names of the package. To a line
 * and not to a column, which halves it.
 *
 * @param {string} json a map that esbuild made
 * @param {string} file the file that it is of
 * @returns {string}
 */
export function slimMap(json, file) {
  const { sources, sourcesContent, mappings } = JSON.parse(json);
  const names = sources.map((path) => {
    const name = sourceName(path);
    return name !== undefined && !DECODER.test(name) ? name : undefined;
  });
  const kept = [...names.keys()].filter((source) => names[source] !== undefined);
  const map = {
    version: 3,
    file,
    sources: kept.map((source) => names[source]),
    sourcesContent: kept.map((source) => sourcesContent[source]),
    names: [],
    mappings: encode(
      decode(mappings).map((line) => byLine(line, new Map(kept.map((source, i) => [source, i])))),
    ),
  };
  return JSON.stringify(map);
}

/**
 * The segments at which another line of a source begins, or something that has none.
 * @param {import("@jridgewell/sourcemap-codec").SourceMapSegment[]} segments of one line
 * @param {Map<number, number>} renumbered the sources that are kept
 */
function byLine(segments, renumbered) {
  const slim = [];
  let before = "";
  for (const [column, source, line, at] of segments) {
    const kept = source === undefined ? undefined : renumbered.get(source);
    const here = kept === undefined ? "" : `${kept}:${line}`;
    if (here !== before) slim.push(kept === undefined ? [column] : [column, kept, line, at]);
    before = here;
  }
  return slim;
}
