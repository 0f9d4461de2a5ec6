/** Type tests of the core of the cluster: a wrong name of an input or output does not compile. Not run. */
import { expectTypeOf } from "expect-type";

import { step } from "../../pkg-template/src/cluster/core.js";
import type { Input, Output, OutputOf } from "../../pkg-template/src/cluster/io.js";
import { type Now, type State, count, output, tell } from "../../pkg-template/src/cluster/state.js";
import { command } from "../../pkg-template/src/cluster/tasks.js";

declare const state: State;
declare const now: Now;

expectTypeOf(step(state, { type: "open" }, now)).toEqualTypeOf<Output[]>();
step(state, { type: "over", hold: 1, wasOpen: true }, now);
// @ts-expect-error: no such input
step(state, { type: "opened" }, now);
// @ts-expect-error: an input without one of its fields
step(state, { type: "over", hold: 1 }, now);
// @ts-expect-error: the field of another input
step(state, { type: "connected", hold: 1, sessionId: "s", wasOpen: true }, now);

output(state, "left");
output(state, "alone", { isAlone: true });
output(state, "gate", { isOpen: true, closedFor: 5 });
// @ts-expect-error: no such output
output(state, "gone");
// @ts-expect-error: an output without its fields
output(state, "alone");
// @ts-expect-error: a wrong name of a field
output(state, "alone", { alone: true });
// @ts-expect-error: a gate that is shut has been so for no time yet
output(state, "gate", { isOpen: false, closedFor: 5 });
count(state, "asks", { outcome: "gone" });
// @ts-expect-error: nothing that is counted
count(state, "questions");

command("read", "session");
// @ts-expect-error: no command of a store
command("subscribe", "instance");
// @ts-expect-error: another command's arguments
command("read", "session", "more");

// A shell that forgets an output does not compile where it lists them all.
type Handled = "command" | "begin" | "serve" | "end" | "redial" | "answer" | "local" | "handOver" | "warm";
type Told = "left" | "gate" | "alone" | "quarantine" | "version" | "count" | "asked" | "replied";
expectTypeOf<Output["type"]>().toEqualTypeOf<Handled | Told>();
expectTypeOf<OutputOf<"command">["name"]>().toEqualTypeOf<
  "beat" | "read" | "owned" | "put" | "check" | "publish" | "putBlob" | "takeBlob"
>();
expectTypeOf<Extract<Input, { id: string }>["type"]>().toEqualTypeOf<
  "start" | "stop" | "forward" | "photo" | "result"
>();

tell(state, "process", { kind: "gone", sid: "s" });
tell(state, "process", { kind: "lost", sid: "s", f: 1, to: "other" });
// @ts-expect-error: no such message
tell(state, "process", { kind: "left", sid: "s" });
// @ts-expect-error: a message without one of its fields
tell(state, "process", { kind: "lost", sid: "s", f: 1 });
