/** Types shared by the benchmarks. */
import type { Client } from "./clients/index.mjs";
import type { Browser, OpenedPage } from "./page/browser.mjs";
import type { Server } from "./server.mjs";

/** Interest of a benchmark in one connection; a client calls what it can. */
export interface Wanted {
  /** Handlers of streams, which receive the data; that of `audio_chunk` receives bytes. */
  handlers: [stream: string, handler: (data: any) => void][];
  /** Called at the first connection at least. */
  onConnected(): void;
  /** Calls `onConnected` at each connection. */
  reconnects?: boolean | undefined;
  onConnecting?: (() => void) | undefined;
  onDisconnected?: ((event: unknown) => void) | undefined;
  onReconnecting?: ((event: unknown) => void) | undefined;
  onError?: ((event: unknown) => void) | undefined;
  onPermanent?: (() => void) | undefined;
}

export interface Connection {
  /** Sends a frame of the app, which the client completes. */
  send(frame: Record<string, unknown>): void;
  /** Shows a reference card by the client's own method, if it has one. */
  showCard(title: string, text: string): void;
}

/** Interface of a module in `clients/`. */
export type Connect = (url: string, wanted: Wanted) => Connection;

/** Column of a table of results. */
export interface Series {
  key: string;
  group: string;
  title: string;
  /** Adds the ratio to the floor. */
  ratio?: boolean;
  /** Decimal places. */
  digits: number;
}

/** Values by key of the series; `undefined` where a client has none. */
export type Figures = Record<string, number | undefined>;

export interface Context {
  server: Server;
  browser: Browser;
  /** Files for pages, by path. */
  files: Record<string, string | Uint8Array>;
  /** Folder of the built package. */
  pkg: string;
  messages: number;
  pageMessages: number;
  round: number;
}

export interface Outcome {
  client: Client;
  figures: Figures;
  /** Reason for missing figures. */
  failure?: string | undefined;
}

export interface Measure {
  /** Name for `--only`. */
  name: string;
  place: string;
  /** Most rounds; default: all. */
  rounds?: number;
  /** Repeating it gives the same figures. */
  exact?: boolean;
  /** For this package alone. */
  ours?: boolean;
  series: Series[];
  /** Measures one client. */
  measure?(client: Client, context: Context): Promise<Figures>;
  /** Measures all clients at once, instead. */
  together?(clients: Client[], context: Context): Promise<Outcome[]>;
}

/** Values by key of the series and name of the client; an array has one entry for each round. */
export type Values = Record<string, Record<string, number[]>>;

/** Content of `results/clients.json`. */
export interface Results {
  machine: string;
  versions: Record<string, string>;
  rounds: number;
  messages: number;
  pageMessages: number;
  minutes: number;
  series: (Series & { rounds: number; exact?: boolean; ours?: boolean })[];
  clients: Pick<Client, "name" | "only">[];
  values: Values;
  reasons: Record<string, Record<string, string>>;
}

/** An event of a client that is followed through an outage. */
export interface FollowedEvent {
  kind: string;
  /** ms since the epoch. */
  at: number;
}

export interface Follower {
  client: Client;
  events: FollowedEvent[];
  /** Reason for which its process ended. */
  failure?: string;
  kill?: () => void;
  opened?: OpenedPage;
}

export interface Followers {
  server: Server;
  followers: Follower[];
  /** Reads the latest events of all followers. */
  refresh(): Promise<void> | void;
  end(): Promise<void>;
}

/** Sample of the memory after a number of cycles, bytes. */
export interface MemorySample {
  done: number;
  heap: number;
  wasm: number;
}

declare global {
  interface Window {
    /** Set by `page/entry.mjs`. */
    bench: {
      events: FollowedEvent[];
      client?: Awaited<ReturnType<typeof import("./load.mjs").load>>;
      open(url: string, traffic: import("./cases.mjs").Case): Promise<void>;
      work(work: import("./cases.mjs").Case["work"], count: number): Promise<void>;
      follow(url: string): void;
    };
    /** Set by `page/start.mjs` and the script before it, ms. */
    start: { evaluated: number; connecting?: number; dialled?: number };
    /** Set by `cycles/page.mjs`. */
    cycles: {
      run(url: string, count: number): Promise<void>;
      wasmBytes(): number;
    };
  }
}
