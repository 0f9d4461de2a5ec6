/** Modules and globals of the demo page that TypeScript cannot find by itself. */

/** Served by the cloud from the built package. */
declare module "*/pkg/index.js" {
  export const TpaSession: typeof import("../pkg-template/types/index.js").TpaSession;
}

/** The cloud inside the page, added by `cargo xtask site`. */
declare module "*/pkg-cloud/shell.js" {
  export class Shell {
    constructor(
      options: object,
      surroundings: {
        latency: number;
        apps: { send(call: object): Promise<never> };
        onEvent(event: object): void;
        onStep(): void;
      },
    );
    WebSocket: typeof WebSocket;
    control(method: string, path: string, body?: unknown): Promise<{ status: number; body: string }>;
  }
}

interface Window {
  /** State for the developer console and the end-to-end tests. */
  demo: {
    sessionId: string;
    events: { at: number; event: string; payload: any }[];
    lines: { level: string; line: string }[];
    readonly run: import("./random/run.js").RandomRun | undefined;
  };
}
