/**
 * The app, the dashboard and the alerts of docs/production.md: a real Prometheus scrapes two processes of the
 * app under traffic, and each query has an answer.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { control } from "../package/server-support.mjs";
import { project } from "../package/support.mjs";
import { Cloud } from "../support/cloud.mjs";
import { ROOT } from "../support/paths.mjs";
import { until } from "../support/until.mjs";
import { App, PACKAGE, writeApp } from "./production-app.mjs";
import { RedisServer, freePorts } from "./redis-server.mjs";

const RULES = join(ROOT, "docs/prometheus-rules.yml");
const CASES = join(ROOT, "tests/cluster/alerts/rules-test.yml");
/** Longer than the lease less a beat, ms: a process that stands still for it shuts its gate. */
const STILL = 9000;
/** Shorter than it takes to be dead, and longer than a command may take, ms. */
const AWAY = 3500;
/** Time after which a command is given up, ms. */
const GIVEN_UP = 1000;

const run = (/** @type {string[]} */ ...args) => spawnSync("promtool", args, { encoding: "utf8" });

test("the rules of the alerts are valid", () => {
  const { status, stdout, stderr } = run("check", "rules", RULES);
  assert.equal(status, 0, stdout + stderr);
});

test("each alert is raised by its cause, and silent before it", () => {
  const { status, stdout, stderr } = run("test", "rules", CASES);
  assert.equal(status, 0, stdout + stderr);
  const names = (/** @type {string} */ file, /** @type {RegExp} */ pattern) =>
    [...new Set(Array.from(readFileSync(file, "utf8").matchAll(pattern), ([, name]) => name))].sort();
  assert.deepEqual(names(CASES, /alertname: (\w+)/g), names(RULES, /- alert: (\w+)/g));
});

/** A Prometheus that scrapes targets each second. */
class Prometheus {
  /** @param {import("node:child_process").ChildProcess} child @param {string} folder @param {string} url */
  constructor(child, folder, url) {
    this.child = child;
    this.folder = folder;
    this.url = url;
  }

  /** @param {string[]} targets */
  static async start(targets) {
    const folder = mkdtempSync(join(tmpdir(), "tpa-prometheus-"));
    const [port] = await freePorts(1);
    const file = join(folder, "prometheus.yml");
    const configuration = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [RULES],
      scrape_configs: [{ job_name: "tpa", static_configs: [{ targets }] }],
    };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(configuration));
    const address = `127.0.0.1:${port}`;
    const options = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn("prometheus", options, { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (chunk) => (log = (log + chunk).slice(-5000)));
    const prometheus = new Prometheus(child, folder, `http://${address}`);
    let failure = "";
    child.once("error", (error) => (failure = error.message));
    child.once("exit", () => (failure ||= log));
    await until("Prometheus", async () => {
      if (failure !== "") throw new Error(`prometheus: ${failure}`);
      return fetch(`${prometheus.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return prometheus;
  }

  /** @param {string} path */
  async get(path) {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const { status, data, error } = /** @type {any} */ (await response.json());
    assert.equal(status, "success", error);
    return data;
  }

  /** Series of a query. @param {string} query @returns {Promise<{ metric: object, value: [number, string] }[]>} */
  async query(query) {
    const { result } = await this.get(`query?query=${encodeURIComponent(query)}`);
    return result;
  }

  async stop() {
    const exit = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await exit;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @type {any} */
let place;
/** @type {Cloud} */
let cloud;
/** @type {RedisServer} */
let redis;
/** @type {App[]} */
let apps;
/** @type {Prometheus} */
let prometheus;

before(async () => {
  place = project({ ws: true });
  [cloud, redis] = await Promise.all([Cloud.start("--stream-interval", "1h"), RedisServer.start()]);
  writeApp(place);
  const env = { REDIS_URL: redis.url, CLOUD_HOST: new URL(cloud.url).host };
  apps = await Promise.all(["one", "two"].map((name) => App.start(place.folder, name, env)));
  prometheus = await Prometheus.start(apps.map(({ metrics }) => metrics));
  await until("a scrape", async () => (await prometheus.query('up{job="tpa"} == 1')).length === 2);
  await traffic();
});
after(async () => {
  await prometheus?.stop();
  await Promise.all((apps ?? []).map((app) => app.kill()));
  cloud?.stop();
  await redis?.stop();
  place?.remove();
});

/** Time of the last beat of a process by the clock of Redis, ms. @param {string} name */
async function lastBeat(name) {
  /** @type {string[]} */
  const flat = await redis.ask("HGETALL", `{tpa:${PACKAGE}}:m`);
  const at = flat.findIndex((each) => each.startsWith(`${name}.`));
  return Number.parseInt(flat[at + 1] ?? "", 10);
}

/** Everything that the dashboard shows happens at least once. */
async function traffic() {
  const [one, two] = /** @type {[App, App]} */ (apps);
  const url = `${cloud.url.replace("http", "ws")}/tpa-ws`;
  const users = ["ada", "bob", "cal", "dan", "eve"];
  for (const user of users) assert.equal(await one.start(user, url), 200, one.output);
  assert.equal(await two.start("ada", url), 200, "passed on");
  assert.equal(await two.start("flo", url.replace("tpa-ws", "nothing")), 502);
  const stop = { type: "stop_request", sessionId: `bob-${PACKAGE}`, userId: "bob", reason: "user_disabled" };
  assert.equal(await two.post(stop), 200);
  await control(cloud.url, "POST", "/faults", { fault: "cut", sessionId: `cal-${PACKAGE}` });
  redis.freeze();
  await sleep(AWAY);
  redis.thaw();
  const thawedAt = Date.now();
  // What was sent before, and given up, is carried out at once.
  for (const name of ["one", "two"]) {
    await until("the store again", async () => (await lastBeat(name)) > thawedAt + GIVEN_UP);
  }
  // One that has not beaten for two beats would be as good as dead.
  const before = await lastBeat("one");
  await until("the next beat", async () => (await lastBeat("one")) > before);
  one.child.kill("SIGSTOP");
  const still = sleep(STILL);
  assert.equal(await two.start("dan", url), 200, two.output);
  await still;
  one.child.kill("SIGCONT");
  await until(
    "the gate was closed",
    async () => (await prometheus.query("tpa_cluster_gate_duration_count")).length > 0,
  );
  // The two samples that a rate needs.
  await until("two scrapes", async () => {
    const counts = await prometheus.query("count_over_time(tpa_cluster_gate_duration_count[1m])");
    return counts.some(({ value }) => Number(value[1]) >= 2);
  });
}

test("what happened is counted", async () => {
  const sum = async (/** @type {string} */ query) =>
    Number((await prometheus.query(`sum(${query})`))[0]?.value[1]);
  assert.equal(await sum("tpa_cluster_takeovers_total"), 1);
  assert.equal(await sum('tpa_cluster_takeovers_total{why="silence"}'), 1);
  assert.ok((await sum('tpa_cluster_asks_total{outcome="answered"}')) >= 1);
  assert.ok((await sum('tpa_session_attempts_total{reconnect="true"}')) >= 1);
  assert.equal(await sum('tpa_server_request_duration_count{type="session_request",status="502"}'), 1);
  await until("both processes are members", async () => {
    const counts = await prometheus.query("tpa_cluster_members");
    return counts.length === 2 && counts.every(({ value }) => value[1] === "2");
  });
});

test("each query of the dashboard has an answer", async (t) => {
  const dashboard = JSON.parse(readFileSync(join(ROOT, "docs/grafana-dashboard.json"), "utf8"));
  const panels = dashboard.panels.filter((/** @type {any} */ { type }) => type !== "row");
  assert.ok(panels.length >= 15);
  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      await t.test(`${title}: ${expr}`, async () => {
        const query = expr.replaceAll("$__rate_interval", "1m").replaceAll("$package", "org\\\\..*");
        assert.doesNotMatch(query, /\$/, "a variable that this test does not know");
        const series = await prometheus.query(query);
        assert.notEqual(series.length, 0, query);
      });
    }
  }
});

test("each alert is evaluated, and its condition has a value", async (t) => {
  const { groups } = await prometheus.get("rules");
  const rules = groups.flatMap((/** @type {any} */ { rules }) => rules);
  assert.ok(rules.length >= 10);
  for (const { name, query, health, lastError } of rules) {
    await t.test(name, async () => {
      assert.equal(health, "ok", lastError);
      // With bool a comparison returns 0 or 1 rather than nothing.
      const compared = query.replaceAll(/ (==|!=|>=|<=|>|<) /g, " $1 bool ");
      assert.notEqual(compared, query);
      const series = await prometheus.query(compared);
      assert.notEqual(series.length, 0, compared);
      for (const { value } of series) assert.match(value[1], /^[01]$/);
    });
  }
});

test("each metric of the cluster is in the documentation", async () => {
  const page = readFileSync(join(ROOT, "docs/production.md"), "utf8");
  const text = await (await fetch(`http://${apps[0]?.metrics}/metrics`)).text();
  const names = Array.from(text.matchAll(/^# TYPE (tpa_\w+?)(?:_total)? /gm), ([, name = ""]) => name);
  assert.ok(names.length >= 15);
  for (const name of names) {
    assert.ok(page.replaceAll(/[._]/g, "_").includes(`\`${name}\``), `${name} is not in docs/production.md`);
  }
});
