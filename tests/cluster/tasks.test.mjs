/** Tasks of the core: what resumes them. */
import assert from "node:assert/strict";
import { test } from "node:test";

const { CLUSTER_CORE = "../../pkg-template/src/cluster/core.js" } = process.env;
const { Tasks, command, event } = await import(new URL("tasks.js", new URL(CLUSTER_CORE, import.meta.url)));

test("a task that goes on to a command is not resumed by the event that one before it emits as well", () => {
  const tasks = new Tasks();
  const results = [];
  tasks.run(
    (function* () {
      yield event("unlocked", 1000);
      tasks.emit("unlocked");
    })(),
  );
  tasks.run(
    (function* () {
      results.push(yield event("unlocked", 1000));
      results.push(yield command("read", "user"));
    })(),
  );
  tasks.emit("unlocked");
  assert.deepEqual(results, [true]);
  const [{ id }] = tasks.outputs;
  tasks.answer(id, { value: "record" });
  assert.deepEqual(results, [true, { value: "record" }]);
  assert.equal(tasks.size, 0);
});
