/** TypeScript: the types compile in each resolution mode, and the output runs. */
import { cells, tool } from "./support.mjs";

const COMPILERS = { "TypeScript 5": "typescript-5/lib/tsc.js", "TypeScript 7": "typescript/bin/tsc" };
/** Resolution modes with their module formats. */
const MODULES = { node16: "node16", nodenext: "nodenext", bundler: "esnext" };

/**
 * @param {string} compiler
 * @param {keyof typeof MODULES} resolution
 * @param {"mts" | "cts"} ending
 */
function compiled(compiler, resolution, ending) {
  /** @type {import("./support.mjs").How} */
  return async (stage, t, cell) => {
    const out = cell.replaceAll(/\W+/g, "-");
    const options = {
      module: MODULES[resolution],
      moduleResolution: resolution,
      target: "es2022",
      lib: "es2023,esnext.disposable,dom",
      rootDir: ".",
      outDir: out,
    };
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const strict = ["--strict", "--exactOptionalPropertyTypes", "--allowJs", "--skipDefaultLibCheck"];
    const files = [`program.${ending}`, "steps.mjs"];
    await stage.succeeds(process.execPath, [tool(compiler), ...flags, ...strict, ...files]);
    const program = `${out}/program.${ending.replace("t", "j")}`;
    await stage.runs(stage.app(cell), process.execPath, [program]);
  };
}

/** @type {Record<string, import("./support.mjs").How>} */
const how = {};
for (const [name, compiler] of Object.entries(COMPILERS)) {
  how[`${name}, \`node16\``] = compiled(compiler, "node16", "mts");
  how[`${name}, \`node16\`, CommonJS`] = compiled(compiler, "node16", "cts");
  how[`${name}, \`nodenext\``] = compiled(compiler, "nodenext", "mts");
  how[`${name}, \`nodenext\`, CommonJS`] = compiled(compiler, "nodenext", "cts");
  how[`${name}, \`bundler\``] = compiled(compiler, "bundler", "mts");
}

cells("typescript", how, { ws: true });
