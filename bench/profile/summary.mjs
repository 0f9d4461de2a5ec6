/** A profile of V8 as self time by module and by function. */

/** Whose code a function is, by the first that fits. */
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
/** The modules that a profile is divided into, in the order of a table. */
export const MODULES = [...OWNERS.map(([name]) => name), REST];

const owner = (frame) => OWNERS.find(([, is]) => is(frame))?.[0] ?? REST;

/** A function's name as a reader knows it, without the path of a machine. */
function label({ functionName, url, lineNumber }) {
  const file = url.split("/").at(-1);
  const name = functionName || "(anonymous)";
  return file ? `${name} ${file.startsWith("node:") ? file : `${file}:${lineNumber + 1}`}` : name;
}

/**
 * @param {{ nodes: any[], samples: number[], timeDeltas: number[] }} profile as the inspector gives it
 * @returns {{ modules: Map<string, number>, functions: Map<string, number> }} µs of self time;
 *     waiting is left out
 */
export function summarise({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const modules = new Map();
  const functions = new Map();
  const add = (map, name, time) => map.set(name, (map.get(name) ?? 0) + time);
  samples.forEach((id, nth) => {
    const frame = frames.get(id);
    if (frame.functionName === "(idle)" || frame.functionName === "(root)") return;
    const module = owner(frame);
    add(modules, module, timeDeltas[nth]);
    add(functions, `${module} · ${label(frame)}`, timeDeltas[nth]);
  });
  return { modules, functions };
}
