/** Type tests of `tpa-cloud` and `tpa-cloud/testing`: compiled, not run. */
import { expectTypeOf } from "expect-type";

import type * as lists from "../../cloud/npm/js/testing/option-names.js";
import { Cloud, type CloudOptions, type Output, readToml } from "../../cloud/npm/types/index.js";
import {
  type Closure,
  type DirectedFaultOptions,
  type Display,
  type FaultOptions,
  type FrameShortForms,
  type RestartOptions,
  type Scenario,
  type StartedApp,
  type Target,
  TestCloud,
  type TestCloudOptions,
  type TestToolCall,
} from "../../cloud/npm/types/testing.js";
import { TpaSession } from "../../pkg-template/types/index.js";
import { createTpaServer } from "../../pkg-template/types/server.js";

/** Names of a list. */
type Names<List extends readonly string[]> = List[number];

expectTypeOf<Names<typeof lists.OPTIONS>>().toEqualTypeOf<keyof TestCloudOptions>();
expectTypeOf<Names<typeof lists.TARGET>>().toEqualTypeOf<keyof Target>();
expectTypeOf<Names<typeof lists.FAULT>>().toEqualTypeOf<keyof FaultOptions>();
expectTypeOf<Names<typeof lists.DIRECTED>>().toEqualTypeOf<keyof DirectedFaultOptions>();
expectTypeOf<Names<typeof lists.RESTART>>().toEqualTypeOf<keyof RestartOptions>();
expectTypeOf<Names<typeof lists.SHORT_FORMS>>().toEqualTypeOf<keyof FrameShortForms>();
expectTypeOf<Names<typeof lists.SCENARIO>>().toEqualTypeOf<keyof Scenario | "name">();
expectTypeOf<Names<typeof lists.STARTED_APP>>().toEqualTypeOf<keyof StartedApp>();
expectTypeOf<Names<typeof lists.TOOL_CALL>>().toEqualTypeOf<keyof TestToolCall>();
expectTypeOf<TestCloudOptions>().toExtend<CloudOptions>();

const cloud = new TestCloud({ latency: undefined, pingInterval: "15s" });

// A session takes the class and the URL.
new TpaSession({
  packageName: "org.example.app",
  apiKey: "dev-key",
  augmentOSWebsocketUrl: cloud.url,
  WebSocket: cloud.WebSocket,
});

expectTypeOf(cloud.cut({ forMs: undefined, packageName: "a" })).toEqualTypeOf<string[]>();
expectTypeOf(cloud.of("session").displays).toEqualTypeOf<Display[]>();
expectTypeOf(cloud.closures).toEqualTypeOf<Closure[]>();
expectTypeOf(cloud.until(() => 7)).toEqualTypeOf<Promise<number>>();
cloud.until("connected", { timeout: 100 });
cloud.until({ type: "display", view: "main" });
cloud.scenario("train-tunnel");
cloud.scenario("my own");
cloud.scenario({ steps: [{ at: "1s", fault: "cut" }] }, { sessionId: "s" });
cloud[Symbol.dispose]();

// @ts-expect-error A cut has no direction.
cloud.cut({ direction: "up" });
// @ts-expect-error There is no such code.
cloud.reject("NO_KEY");
// @ts-expect-error The delay is missing.
cloud.delay();
// @ts-expect-error A condition has a type.
cloud.until({ view: "main" });

const server = createTpaServer({ packageName: "a.b", apiKey: "k", onSession() {} });
cloud.startApp({ packageName: "a.b", userId: "u", handler: server.fetch });
cloud.startApp({ packageName: "a.b", userId: "u", handler: server.node });

const core = new Cloud({ scenarios: [readToml("name", "")] }, Date.now(), 0);
expectTypeOf(core.poll()).toEqualTypeOf<Output | undefined>();
expectTypeOf(core.open("peer", "mentraos", 0)).toEqualTypeOf<number | "reset" | "full">();
