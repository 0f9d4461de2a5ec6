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
      constructor(address: string, token: string | undefined, publicUrl: string | undefined);
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
