/** `session.settings` and `session.capabilities`. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { SETTINGS, connected } from "./connected.mjs";
import { ID } from "./peer.mjs";

test("settings: values, defaults of setting and config, and changes", async () => {
  const config = {
    name: "a",
    settings: [
      { type: "group", title: "g" },
      { key: "theme", type: "text", defaultValue: "dark" },
    ],
  };
  const { session, tell } = await connected({
    settings: SETTINGS,
    config,
    augmentosSettings: { metric: true },
  });
  const { settings } = session;
  assert.deepEqual([settings.get("lines"), settings.get("loud"), settings.get("theme")], [3, true, "dark"]);
  assert.deepEqual([settings.get("none"), settings.get("none", 7)], [undefined, 7]);
  assert.deepEqual([settings.has("lines"), settings.has("theme")], [true, false]);
  assert.deepEqual(settings.getAll(), SETTINGS);
  assert.deepEqual(settings.getConfig(), config);
  const heard = [];
  settings.onChange((change) => heard.push(change));
  settings.onValueChange("lines", (...values) => heard.push(values));
  session.events.onSettingChange("loud", (...values) => heard.push(values));
  session.events.onSettingsUpdate((all) => heard.push(all.length));
  const update = [
    { key: "lines", type: "select", value: 4 },
    { key: "loud", type: "toggle" },
  ];
  await tell({ type: "settings_update", packageName: "org.example.app", settings: update });
  await tell({ type: "settings_update", packageName: "org.example.app", settings: update });
  assert.deepEqual(heard, [{ lines: { oldValue: 3, newValue: 4 } }, [4, 3], 2, 2]);
  settings.onMentraosChange("metric", (...values) => heard.push(values));
  await tell({ type: "augmentos_settings_update", settings: { metric: false } });
  assert.deepEqual(heard.at(-1), [false, true]);
  assert.deepEqual([settings.getMentraOS("metric"), settings.getMentraOS("x", 1)], [false, 1]);
});

test("a setting that changed during an outage is reported", async () => {
  const ack = { settings: [{ key: "lines", type: "select", value: 1 }] };
  const { session, cut } = await connected(ack);
  const heard = [];
  session.settings.onValueChange("lines", (...values) => heard.push(values));
  ack.settings[0].value = 2;
  await cut();
  assert.deepEqual(heard, [[2, 1]]);
});

test("a new setting has no old value, whatever its name", async () => {
  const { session, tell } = await connected();
  const heard = [];
  session.settings.onChange((changes) => heard.push(...Object.values(changes)));
  const keys = ["constructor", "__proto__", "toString", "a"];
  await tell({ type: "settings_update", settings: keys.map((key) => ({ key, value: 1 })) });
  assert.deepEqual(heard, Array(4).fill({ oldValue: undefined, newValue: 1 }));
});

test("a part of an ack that is too large is ignored, and the rest is applied", async () => {
  const large = "x".repeat(300_000);
  const whole = {
    settings: SETTINGS,
    augmentosSettings: { metric: true },
    capabilities: { hasCamera: true },
  };
  for (const part of ["config", "settings", "augmentosSettings", "capabilities"]) {
    const value = part === "settings" ? [{ key: "a", value: large + large }] : { a: large + large };
    const { session } = await connected({ ...whole, config: { name: "a" }, [part]: value });
    const applied = {
      config: session.settings.getConfig()?.name === "a",
      settings: session.settings.get("lines") === 3,
      augmentosSettings: session.settings.getMentraOS("metric") === true,
      capabilities: session.capabilities?.hasCamera === true,
    };
    const rest = Object.keys(applied).filter((name) => name !== part);
    assert.deepEqual(
      Object.keys(applied).filter((name) => applied[name]),
      rest,
    );
    assert.deepEqual(await session.connect(ID), part === "settings" ? [] : SETTINGS);
    session.disconnect();
  }
});

test("capabilities arrive with the ack and can change", async () => {
  const { session, tell } = await connected({ capabilities: { hasCamera: true } });
  assert.deepEqual(session.capabilities, { hasCamera: true });
  const models = [];
  session.events.onCapabilitiesUpdate(({ modelName }) => models.push(modelName));
  await tell({ type: "capabilities_update", capabilities: null, modelName: null });
  assert.equal(session.capabilities, null);
  assert.deepEqual(models, [null]);
});

test("updateSettings applies settings as if the cloud had sent them", async () => {
  const { session } = await connected({ settings: SETTINGS });
  const change = session.settings.updateSettings([{ key: "lines", value: 8 }]);
  assert.deepEqual(change, { lines: { oldValue: 3, newValue: 8 } });
});
