/** The manifests of docs/deploy: valid, and in agreement with each other and with the app. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { parseAllDocuments } from "yaml";

import { ROOT } from "../support/paths.mjs";

const read = (/** @type {string} */ name) => readFileSync(join(ROOT, "docs", name), "utf8");
const page = read("production.md");
/** Timeout of `close()` in the app of the page, s. */
const CLOSE = Number(/close\(\{ timeout: ([\d_]+) \}\)/.exec(page)?.[1]?.replace("_", "")) / 1000;

/** @param {string} text @returns {any[]} */
function parse(text) {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    assert.deepEqual(document.warnings, []);
    return document.toJS();
  });
}

test("the manifest for Kubernetes: its parts select each other, and a process has time to leave", () => {
  const [deployment, service, budget, ...more] = parse(read("deploy/kubernetes.yml"));
  assert.deepEqual(more, []);
  assert.deepEqual(
    [deployment, service, budget].map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    ["apps/v1 Deployment", "v1 Service", "policy/v1 PodDisruptionBudget"],
  );
  const { strategy, selector, template } = deployment.spec;
  assert.deepEqual(strategy.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
  for (const labels of [template.metadata.labels, service.spec.selector, budget.spec.selector.matchLabels]) {
    assert.deepEqual(labels, selector.matchLabels);
  }
  const [container] = template.spec.containers;
  const ports = container.ports.map((/** @type {any} */ { name }) => name);
  const { startupProbe, readinessProbe, livenessProbe, lifecycle, env } = container;
  assert.equal(startupProbe.httpGet.path, "/health?ready");
  assert.equal(readinessProbe.httpGet.path, "/health?ready");
  assert.equal(livenessProbe.httpGet.path, "/health");
  for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe])
    assert.ok(ports.includes(httpGet.port));
  assert.ok(ports.includes(service.spec.ports[0].targetPort));
  assert.ok(livenessProbe.periodSeconds * livenessProbe.failureThreshold > 10, "longer than the lease");
  const before = Number(lifecycle.preStop.exec.command[1]);
  assert.ok(template.spec.terminationGracePeriodSeconds >= before + CLOSE + 5);
  // Variables of the app are set here, or named as parts of the secret.
  const text = read("deploy/kubernetes.yml");
  for (const name of variables()) assert.ok(text.includes(name), name);
  assert.ok(env.every((/** @type {any} */ { name }) => variables().includes(name)));
});

/** Names of the variables that the app of the page reads. */
function variables() {
  const [, app = ""] = /```js\n((?:(?!```).)*PrometheusExporter.*?)```/s.exec(page) ?? [];
  const names = Array.from(app.matchAll(/const \{([^}]*)\} = process\.env/g), ([, list = ""]) =>
    list.split(",").map((each) => each.split("=")[0]?.trim() ?? ""),
  ).flat();
  assert.ok(names.length >= 6);
  return names;
}

test("the unit for systemd names all variables of the app, and gives it time to leave", () => {
  const unit = read("deploy/tpa@.service");
  for (const name of variables()) assert.ok(unit.includes(name), name);
  assert.ok(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]) >= CLOSE + 5);
});

const verify = (/** @type {string} */ unit) =>
  spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
const hasSystemd = verify("--version").error === undefined;

test("the unit is valid", { skip: !hasSystemd && "systemd-analyze is not installed" }, () => {
  const { status, stdout, stderr } = verify(join(ROOT, "docs/deploy/tpa@.service"));
  // Unknown keys are warnings.
  assert.deepEqual([status, stdout + stderr], [0, ""]);
});

/** Runs the script for systemd with programs that only tell how they are called. @param {string[]} args */
function reload(...args) {
  const folder = mkdtempSync(join(tmpdir(), "tpa-reload-"));
  try {
    for (const name of ["systemctl", "curl", "sleep"]) {
      const file = join(folder, name);
      writeFileSync(file, `#!/bin/sh\necho "${name} $*"\n`);
      chmodSync(file, 0o755);
    }
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const script = join(ROOT, "docs/deploy/reload.sh");
    const { status, stdout, stderr } = spawnSync("sh", [script, ...args], { encoding: "utf8", env });
    return { status, calls: stdout.trim().split("\n"), stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the script for systemd restarts the processes one by one, with one more beside them", () => {
  const ready = (/** @type {number} */ port) => [
    `curl --fail --silent --output /dev/null http://127.0.0.1:${port}/health?ready`,
    "sleep 5",
  ];
  const { status, calls, stderr } = reload("2");
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(calls, [
    "systemctl start tpa@3",
    ...ready(8083),
    "systemctl restart tpa@1",
    ...ready(8081),
    "systemctl restart tpa@2",
    ...ready(8082),
    "systemctl stop tpa@3",
  ]);
});

test("the script for systemd refuses a number without a port", () => {
  for (const count of ["0", "9", "10", "two"]) {
    const { status, calls, stderr } = reload(count);
    assert.deepEqual([status, calls], [2, [""]]);
    assert.equal(stderr, `COUNT must be a number from 1 to 8, not ${count}: tpa@9 is the last one\n`);
  }
});

test("YAML of the page and of the alerts", () => {
  const pieces = Array.from(page.matchAll(/```yaml\n(.*?)```/gs), ([, text = ""]) => text);
  assert.ok(pieces.length >= 2);
  for (const text of [...pieces, read("prometheus-rules.yml")]) parse(text);
});
