/** The app of docs/production.md, as a reader would run it: in a project with the packages that it names. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { load, request } from "../package/server-support.mjs";
import { ROOT } from "../support/paths.mjs";
import { until } from "../support/until.mjs";
import { freePorts } from "./redis-server.mjs";

const SECRET = "s3cret";
export const PACKAGE = "org.example.production";

/** Writes the app into a project, next to its packages. @param {{ folder: string }} place */
export function writeApp({ folder }) {
  const page = readFileSync(join(ROOT, "docs/production.md"), "utf8");
  const [, code] = /```js\n((?:(?!```).)*PrometheusExporter.*?)```/s.exec(page) ?? [];
  if (code === undefined) throw new Error("docs/production.md has no app with a PrometheusExporter");
  writeFileSync(join(folder, "app.mjs"), code);
  const packages = join(ROOT, "tests/cluster/node_modules");
  symlinkSync(join(packages, "@opentelemetry"), join(folder, "node_modules/@opentelemetry"));
  symlinkSync(join(packages, "redis-6"), join(folder, "node_modules/redis"));
  return load({ folder }, "redis") !== undefined;
}

/** A process of the app. */
export class App {
  /** @param {import("node:child_process").ChildProcess} child @param {number} port @param {number} metricsPort */
  constructor(child, port, metricsPort) {
    this.child = child;
    this.metrics = `127.0.0.1:${metricsPort}`;
    this.url = `http://127.0.0.1:${port}`;
    /** Log lines. @type {any[]} */
    this.lines = [];
    this.output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => (this.output = (this.output + chunk).slice(-100_000)));
    }
  }

  /** Resolves when it is ready. @param {string} folder @param {string} name @param {Record<string, string>} env */
  static async start(folder, name, env) {
    const [port = 0, metricsPort = 0] = await freePorts(2);
    const given = { PACKAGE_NAME: PACKAGE, API_KEY: "dev-key", WEBHOOK_SECRET: SECRET, POD_NAME: name };
    const ports = { PORT: `${port}`, METRICS_PORT: `${metricsPort}` };
    const child = spawn(process.execPath, ["app.mjs"], {
      cwd: folder,
      env: { ...process.env, ...given, ...ports, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const app = new App(child, port, metricsPort);
    await until(`the app ${name}`, async () => {
      if (child.exitCode !== null) throw new Error(`the app ended\n${app.output}`);
      const response = await fetch(`${app.url}/health?ready`).catch(() => undefined);
      return response?.status === 200;
    });
    return app;
  }

  /** Sends a request of the cloud. @param {object} body */
  async post(body) {
    const response = await fetch(`${this.url}/webhook?secret=${SECRET}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
    return response.status;
  }

  /** Requests a session. @param {string} userId @param {string} websocketUrl */
  start(userId, websocketUrl) {
    return this.post({ ...request(userId), sessionId: `${userId}-${PACKAGE}`, websocketUrl });
  }

  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exit;
  }
}
