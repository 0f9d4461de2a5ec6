/** Type tests of `tpa-session/server`. Compiled, not run. */
import { expectTypeOf } from "expect-type";

import { TpaSession as FullSession } from "../../pkg-template/types/full.js";
import { createTpaServer } from "../../pkg-template/types/server.js";
import type { ToolCall } from "../../pkg-template/types/server.js";

const server = createTpaServer({
  packageName: "org.example.app",
  apiKey: "k",
  TpaSession: FullSession,
  async onSession(session) {
    const photo = await session.camera.requestPhoto();
    expectTypeOf(photo.buffer).toEqualTypeOf<Uint8Array | undefined>();
    expectTypeOf(photo.mimeType).toEqualTypeOf<string | undefined>();
  },
  onToolCall(call) {
    expectTypeOf(call).toEqualTypeOf<ToolCall<FullSession>>();
    expectTypeOf(call.session?.camera.requestPhoto).toEqualTypeOf<
      FullSession["camera"]["requestPhoto"] | undefined
    >();
    return call.toolId === "add" ? "added" : undefined;
  },
  maxUploads: 2,
});
expectTypeOf(server.sessions).toEqualTypeOf<ReadonlyMap<string, FullSession>>();

const options = { packageName: "org.example.app", apiKey: "k", onSession() {} };
createTpaServer({ ...options, onToolCall: async () => null });
createTpaServer({ ...options, onToolCall() {} });
// @ts-expect-error A reply is a text.
createTpaServer({ ...options, onToolCall: () => 7 });
