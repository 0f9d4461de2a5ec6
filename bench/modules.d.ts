/** Modules that exist only while a benchmark runs. */

/** The client of a page, an alias of the bundler. */
declare module "bench:client" {
  export const connect: import("./types.js").Connect;
}

/** Served to the page of `cycles/`. */
declare module "*/cycle.js" {
  export const cycle: typeof import("./cycles/cycle.js").cycle;
  export const watchMemory: typeof import("./cycles/cycle.js").watchMemory;
}
declare module "*/index.js" {
  export const TpaSession: typeof import("../pkg-template/types/index.js").TpaSession;
}
