/** Types of `index.cjs` for the program: those of the package, and `core/shell.js`. */
declare module "package:core" {
  export * from "tpa-cloud";

  export namespace shell {
    /** Decision about a request. */
    interface Verdict {
      /** Status of the response, if the request is answered. */
      status: number | null;
      /** Headers of the response, also of one that is made elsewhere. */
      headers: [string, string][];
      body: string;
    }

    /** Decides about the access of requests. */
    class Access {
      /** Creates the rules of a server at `HOST:PORT`. */
      constructor(
        address: string,
        token: string | undefined,
        publicUrl: string | undefined,
        origins: string[],
      );
      check(
        scope: "file" | "socket" | "control",
        peer: string,
        head: Record<string, string | undefined>,
      ): Verdict;
    }

    /** Throws the problem with the value of an option. */
    function checkOption(option: string, text: string): void;

    /** Throws if a connection is stale before its first ping. */
    function checkIntervals(pingInterval: string, staleAfter: string): void;

    /** Milliseconds of a time as text. */
    function milliseconds(text: string): number;

    /** Path and directory in the option `--serve`. */
    function readMount(text: string): { path: string; dir: string };

    /** Options in a configuration file. Throws if it is not TOML. */
    function parseConfig(text: string): { name: string; values: string[] | null }[];

    /** Error for a scenario that is neither built in nor a file. */
    function unknownScenario(error: string): string;

    /** Whether a scenario is built in. */
    function isBuiltin(name: string): boolean;
  }
}

/** The built-in scenarios, with their names. */
declare module "package:scenarios" {
  const scenarios: import("../types/index.d.ts").NamedScenario[];
  export default scenarios;
}

/** Returns the compiled wasm. */
declare module "package:wasm" {
  const getModule: () => WebAssembly.Module;
  export default getModule;
}

/** `testing/node-handler.js`, or what takes its place outside Node. */
declare module "package:node-handler" {
  export const callNodeHandler: typeof import("./testing/node-handler.js").callNodeHandler;
}

/** Types of `testing.cjs`. */
declare module "package:testing" {
  const testing: typeof import("./entries/testing.js");
  export default testing;
}

/** What wasm-bindgen generates. */
declare module "bindgen:tpa_cloud_wasm_bg.js" {
  type ControlResponse = import("../types/index.d.ts").ControlResponse;

  class WasmCloud {
    constructor(options: string, scenarios: string, unixMs: number, now: number);
    open(peer: string, isMentra: boolean, now: number): number;
    text(id: number, text: string, now: number): void;
    binary(id: number, bytes: Uint8Array, now: number): void;
    closed(id: number, code: number, reason: string, now: number): void;
    signal(id: number, which: number, now: number): void;
    timeout(now: number): void;
    nextTimeout(): number | undefined;
    poll(): import("../types/index.d.ts").Output | undefined;
    socketCount(): number;
    control(
      method: string,
      path: string,
      query: string,
      body: Uint8Array,
      now: number,
    ): ControlResponse | ({ type: "toolCall" } & import("../types/index.d.ts").AppRequest) | undefined;
    answer(call: number, status: number, body: Uint8Array, now: number): ControlResponse | undefined;
    fail(call: number, error: string, now: number): ControlResponse | undefined;
    shutDown(now: number): void;
    free(): void;
  }

  class WasmAccess {
    constructor(address: string, token: string | undefined, publicUrl: string | undefined, origins: string);
    check(scope: number, peer: string, head: string): string;
  }

  function checkScenarios(scenarios: string): void;
  function checkOption(option: string, text: string): void;
  function checkIntervals(pingInterval: string, staleAfter: string): void;
  function milliseconds(text: string): number;
  function readMount(text: string): [path: string, dir: string];
  function __wbg_set_wasm(exports: object): void;
}
