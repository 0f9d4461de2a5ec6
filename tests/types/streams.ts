/** Type tests of the streams: the types match the list in `src/web/js/streams.js`. Compiled, not run. */
import { expectTypeOf } from "expect-type";

import type { STREAMS } from "../../src/web/js/streams.js";
import type { Handler, StreamEvents, StreamMethods } from "../../pkg-template/types/index.js";

type List = typeof STREAMS;
type Name = keyof List;

/** Streams by the method that listens to them. */
type ByMethod = {
  [S in Name as List[S] extends { method: infer M extends string } ? M : never]: S;
};

// Every stream of the list has a payload type, and every payload type a stream.
expectTypeOf<keyof StreamEvents>().toEqualTypeOf<Name>();

// Every method of the list has a type, and listens to the payload of its stream.
expectTypeOf<keyof StreamMethods>().toEqualTypeOf<keyof ByMethod>();
expectTypeOf<{ [M in keyof StreamMethods]: Parameters<StreamMethods[M]>[0] }>().toEqualTypeOf<{
  [M in keyof ByMethod]: Handler<StreamEvents[ByMethod[M]]>;
}>();
