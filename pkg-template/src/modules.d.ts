/** Modules that the build resolves: output of wasm-bindgen, and other files of the package. */

/** Glue code of wasm-bindgen. */
declare module "bindgen:tpa_session_bg.js" {
  type Types = typeof import("../types/index.js");
  type Session = InstanceType<Types["TpaSession"]>;

  /** Handlers of a session: those of the dispatcher. */
  export type SessionHandlers = import("../../src/web/js/dispatcher.js").Dispatcher;

  /** Session in wasm, as exported by `src/web/session.rs`. */
  export class TpaSession {
    constructor(options: import("../types/index.js").SessionOptions);
    /** Moves the handlers out of the wasm; call it once. */
    takeHandlers(): SessionHandlers;
    connect(sessionId: string): ReturnType<Session["connect"]>;
    disconnect(reason: string | undefined): void;
    dispose(): void;
    send(outgoing: import("../../src/web/js/streams.js").Outgoing): ReturnType<Session["send"]>;
    flush(): Promise<void>;
    reconnectNow(): void;
    /** Ends the session here, so that another process can continue it. */
    handOver(): void;
    redact(text: unknown): string;
    /** Opens a connection anew because the cloud has asked for the session. */
    reopen(): void;
    timeline(): ReturnType<Session["timeline"]>;
    subscribe(streams: string[]): void;
    unsubscribe(streams: string[]): void;
    /** Replaces the subscriptions of the handlers. */
    follow(streams: string[]): void;
    subscriptions(): string[];
    /** Writes a log line at level `warn`; returns `false` if the level of the log is lower. */
    warn(text: string): boolean;
    readonly state: Session["state"];
    readonly sessionId: Session["sessionId"];
    readonly stats: Session["stats"];
  }

  export function __wbg_set_wasm(exports: WebAssembly.Exports): void;
  /** Drops the views of the memory; added by the build. */
  export function forgetMemory(): void;
}

/** Imports of the WebAssembly module, and its exports under their original names. */
declare module "bindgen:bindings" {
  export const imports: WebAssembly.Imports;
  export function named(exports: WebAssembly.Exports): WebAssembly.Exports;
}

/** Function that returns the inlined wasm. */
declare module "bindgen:tpa_session_bg.wasm" {
  const bytes: () => Uint8Array<ArrayBuffer>;
  export default bytes;
}

/** The wasm file, which Cloudflare Workers import as a compiled module. */
declare module "*/tpa-session.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** `core.cjs` of the package. */
declare module "package:core" {
  export const instantiate: typeof import("./wasm/instance.js").instantiate;
  export const setDefaultWasmSource: typeof import("./wasm/instance.js").setDefaultWasmSource;
  export const setJsCore: typeof import("./wasm/instance.js").setJsCore;
  export const setWasmSource: typeof import("./wasm/instance.js").setWasmSource;
  export const runtime: typeof import("../../src/web/js/platform.js").runtime;
  export const TpaSession: typeof import("./session/index.js").TpaSession;
  export const TpaConnectionError: typeof import("./session/index.js").TpaConnectionError;
}

/** `wasm.cjs` of the package. */
declare module "package:wasm" {
  export const bytes: typeof import("bindgen:tpa_session_bg.wasm").default;
}

/** `globals.cjs` of the package. */
declare module "package:globals" {
  export const globals: Record<string, unknown>;
}

/** Effect of `src/platform/node-globals.js`. */
declare module "package:node-globals" {}

/** Size of the wasm file, bytes. */
declare module "package:wasm-size" {
  export const size: number;
}

/** Outputs of the build that entry points load. */
declare module "*/node.cjs" {
  const node: typeof import("package:core");
  export default node;
}
declare module "*/full-node.cjs" {
  const full: typeof import("./full/index.js");
  export default full;
}
declare module "*/js-core.cjs" {
  export const instantiate: import("./wasm/instance.js").JsCore;
}
declare module "*/cluster.cjs" {
  const cluster: typeof import("../types/cluster.js");
  export default cluster;
}

declare module "*/telemetry.cjs" {
  const telemetry: typeof import("../types/telemetry.js");
  export default telemetry;
}

declare module "*/server.cjs" {
  const server: typeof import("../types/server.js");
  export default server;
}

declare module "*/server-core.cjs" {
  const core: typeof import("./server/index.js");
  export default core;
}

/** Output of wasm2js: the core, which takes its memory as an import. */
declare module "wasm2js:core" {
  export function instantiate(imports: Record<string, object>): WebAssembly.Exports;
}

/** What the memory of the core holds at first. */
declare module "wasm2js:memory" {
  /** Pages of 64 KiB. */
  export const pages: number;
  /** Where the data is. */
  export const offset: number;
  /** Data, a character for each byte. */
  export const text: string;
}
