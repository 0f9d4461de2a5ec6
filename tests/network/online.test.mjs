/**
 * A browser that reports by itself that the network is gone, and that it is there again. WebKit asks
 * the kernel for its routes, some seconds after they have changed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import { EVENT_MS, SLOW_EVENT_MS } from "../support/timeouts.mjs";
import { until } from "../support/until.mjs";
import { Line, linkDown } from "./faults.mjs";
import { Client, clients } from "./measure.mjs";
import { obstacle } from "./namespace.mjs";

/** Wait before the attempt that the report must hasten, ms: longer than WebKit takes to report. */
const LONG_WAIT_MS = 9000;

const skip = (await obstacle()) ?? false;

test(
  "WebKit: a session waits while there is no network, and connects as soon as there is",
  {
    skip,
  },
  async (t) => {
    const line = await Line.create();
    t.after(() => line.remove());
    const addRoute = () => line.client.run("ip", "route", "add", "default", "via", "192.0.2.1");
    await addRoute();
    await line.client.run("mkdir", "-p", "/tmp/.X11-unix");
    // The screen's socket is seen in the namespace only.
    await line.client.run("mount", "-t", "tmpfs", "tmpfs", "/tmp/.X11-unix");
    const how = clients(process.execPath).WebKit;
    const client = new Client(line, { ...how, env: { ...how.env, PAGE: "online.html" } }, "idle");
    t.after(() => client.end());
    await client.connected(0);
    const next = (/** @type {string} */ name, since = 0) =>
      until(name, () => client.events.find(({ event, at }) => event === name && at >= since), {
        timeout: EVENT_MS,
      });

    await linkDown.begin(line);
    await next("offline");
    await next("disconnected");
    const isLong = (/** @type {any} */ { kind, counted, delay }) =>
      kind === "Offline" && counted === false && delay >= LONG_WAIT_MS;
    const wait = /** @type {any} */ (
      await until("a long wait for the network", () => client.events.findLast(isLong), {
        timeout: SLOW_EVENT_MS,
      })
    );

    const up = Date.now();
    await linkDown.end?.(line);
    await addRoute();
    const { at: online } = await next("online", up);
    const { at: again } = await next("connected", up);
    const due = wait.at + wait.delay;
    t.diagnostic(JSON.stringify({ reported: online - up, again: again - online, due: due - online }));
    assert.ok(again >= online && again < due, "the report did not hasten the attempt");
    assert.ok(client.events.every(({ permanent }) => !permanent));
  },
);
