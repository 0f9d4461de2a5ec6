/**
 * Summary of a V8 profile: self time by module and by function.
 *
 * @typedef {{ functionName: string, url: string, lineNumber: number }} CallFrame
 */

/** Modules, each with a test; the first match counts. @type {[string, (frame: CallFrame) => boolean][]} */
const OWNERS = [
  ["JSON.parse", ({ functionName }) => functionName === "parseJson"],
  ["JSON.stringify", ({ functionName }) => functionName === "stringifyJson"],
  ["ws", ({ url }) => url.includes("/node_modules/ws/")],
  ["tpa-session: wasm", ({ url }) => url.startsWith("wasm:")],
  ["tpa-session: JavaScript", ({ url }) => url.includes("/pkg/")],
  ["the app", ({ url }) => url.endsWith("/bench/load.mjs")],
  ["the floor's JavaScript", ({ url }) => url.includes("/bench/clients/")],
  ["Node's JavaScript", ({ url }) => url.startsWith("node:")],
  ["collecting garbage", ({ functionName }) => functionName === "(garbage collector)"],
  ["outside JavaScript: system calls, Node, V8", ({ functionName }) => functionName === "(program)"],
  ["functions of Node and V8 that are not JavaScript", ({ url }) => url === ""],
];
const REST = "other";
/** Modules of a profile, in the order of the table. */
export const MODULES = [...OWNERS.map(([name]) => name), REST];

const owner = (/** @type {CallFrame} */ frame) => OWNERS.find(([, is]) => is(frame))?.[0] ?? REST;

/** Name of a function with its file, without the directory. @param {CallFrame} frame */
function label({ functionName, url, lineNumber }) {
  const file = url.split("/").at(-1);
  const name = functionName || "(anonymous)";
  return file ? `${name} ${file.startsWith("node:") ? file : `${file}:${lineNumber + 1}`}` : name;
}

/**
 * @param {{ nodes: { id: number, callFrame: CallFrame }[], samples: number[], timeDeltas: number[] }} profile
 *   of the inspector
 * @returns {{ modules: Map<string, number>, functions: Map<string, number> }} self time without idle
 *   time, µs
 */
export function summarise({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  /** @type {Map<string, number>} */
  const modules = new Map();
  /** @type {Map<string, number>} */
  const functions = new Map();
  /** @type {(map: Map<string, number>, name: string, time: number) => void} */
  const add = (map, name, time) => void map.set(name, (map.get(name) ?? 0) + time);
  samples.forEach((id, nth) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === "(idle)" || frame.functionName === "(root)") return;
    const module = owner(frame);
    const time = timeDeltas[nth] ?? 0;
    add(modules, module, time);
    add(functions, `${module} · ${label(frame)}`, time);
  });
  return { modules, functions };
}
