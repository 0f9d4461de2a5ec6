/** Decision about a request. */
export interface Verdict {
  /** Status of the response, if the request is answered. */
  status: number | null;
  /** Headers of the response, also of one that is made elsewhere. */
  headers: [string, string][];
  body: string;
}

/** Decides about the access of requests. */
export class Access {
  /** Creates the rules of a server at `HOST:PORT`. */
  constructor(address: string, token: string | undefined, publicUrl: string | undefined);
  check(
    scope: "file" | "socket" | "control",
    peer: string,
    head: Record<string, string | undefined>,
  ): Verdict;
}

/** Throws the problem with the value of an option. */
export function checkOption(option: string, text: string): void;

/** Throws if a connection is stale before its first ping. */
export function checkIntervals(pingInterval: string, staleAfter: string): void;

/** Milliseconds of a time as text. */
export function milliseconds(text: string): number;

/** Path and directory in the option `--serve`. */
export function readMount(text: string): { path: string; dir: string };

/** Options in a configuration file. Throws if it is not TOML. */
export function parseConfig(text: string): { name: string; values: string[] | null }[];

/** Error for a scenario that is neither built in nor a file. */
export function unknownScenario(error: string): string;

/** Whether a scenario is built in. */
export function isBuiltin(name: string): boolean;
