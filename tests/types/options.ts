/**
 * Type tests of options: the lists of their names match the types, and each optional one may be
 * `undefined` under `exactOptionalPropertyTypes`. Compiled, not run.
 */
import { expectTypeOf } from "expect-type";

import type * as fullLists from "../../pkg-template/src/full/option-names.js";
import type * as serverLists from "../../pkg-template/src/server/option-names.js";
import type * as lists from "../../pkg-template/src/session/option-names.js";
import type * as full from "../../pkg-template/types/full.js";
import type * as main from "../../pkg-template/types/index.js";
import type * as server from "../../pkg-template/types/server.js";

/** Names of a list. */
type Names<List extends readonly string[]> = List[number];

expectTypeOf<Names<typeof lists.SESSION_OPTIONS>>().toEqualTypeOf<keyof main.SessionOptions>();
expectTypeOf<Names<typeof lists.CONNECT_OPTIONS>>().toEqualTypeOf<keyof main.ConnectOptions>();
expectTypeOf<Names<typeof lists.DISCONNECT_OPTIONS>>().toEqualTypeOf<keyof main.DisconnectOptions>();
expectTypeOf<Names<typeof lists.SEND_OPTIONS>>().toEqualTypeOf<keyof main.SendOptions>();
expectTypeOf<Names<typeof lists.STREAM_OPTIONS>>().toEqualTypeOf<keyof main.StreamOptions>();
expectTypeOf<Names<typeof lists.STREAM_REQUEST>>().toEqualTypeOf<
  keyof Extract<main.StreamRequest, { stream: unknown }>
>();
expectTypeOf<Names<typeof lists.LAYOUT_OPTIONS>>().toEqualTypeOf<keyof main.LayoutOptions>();
expectTypeOf<Names<typeof lists.RECOGNITION_OPTIONS>>().toEqualTypeOf<keyof main.RecognitionOptions>();
expectTypeOf<Names<typeof serverLists.SERVER_OPTIONS>>().toEqualTypeOf<keyof server.TpaServerOptions>();
expectTypeOf<Names<typeof serverLists.CLOSE_OPTIONS>>().toEqualTypeOf<keyof server.CloseOptions>();
expectTypeOf<Names<typeof fullLists.PHOTO_OPTIONS>>().toEqualTypeOf<keyof main.PhotoRequestOptions>();
expectTypeOf<Names<typeof fullLists.RTMP_STREAM_OPTIONS>>().toEqualTypeOf<keyof main.RtmpStreamOptions>();
expectTypeOf<Names<typeof fullLists.STOP_STREAM_OPTIONS>>().toEqualTypeOf<keyof main.StopStreamOptions>();
expectTypeOf<Names<typeof fullLists.MANAGED_STREAM_OPTIONS>>().toEqualTypeOf<
  keyof main.ManagedStreamOptions
>();
expectTypeOf<Names<typeof fullLists.AUDIO_OPTIONS>>().toEqualTypeOf<keyof main.AudioPlayOptions>();
expectTypeOf<Names<typeof fullLists.SPEAK_OPTIONS>>().toEqualTypeOf<keyof main.SpeakOptions>();
expectTypeOf<Names<typeof fullLists.LOCATION_OPTIONS>>().toEqualTypeOf<keyof main.LocationOptions>();
expectTypeOf<Names<typeof fullLists.LED_OPTIONS>>().toEqualTypeOf<keyof main.LedOptions>();
expectTypeOf<Names<typeof fullLists.ROOM_OPTIONS>>().toEqualTypeOf<keyof full.RoomConfig>();
expectTypeOf<Names<typeof fullLists.SUBSCRIPTION_SETTINGS>>().toEqualTypeOf<
  keyof full.SubscriptionSettings
>();

/** Options of the type that are optional and refuse `undefined`. */
type Refusing<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? undefined extends Required<T>[K]
      ? never
      : K
    : never;
}[keyof T];

expectTypeOf<Refusing<main.SessionOptions>>().toBeNever();
expectTypeOf<Refusing<main.ConnectOptions>>().toBeNever();
expectTypeOf<Refusing<main.DisconnectOptions>>().toBeNever();
expectTypeOf<Refusing<main.SendOptions>>().toBeNever();
expectTypeOf<Refusing<main.StreamOptions>>().toBeNever();
expectTypeOf<Refusing<main.LayoutOptions>>().toBeNever();
expectTypeOf<Refusing<main.RecognitionOptions>>().toBeNever();
expectTypeOf<Refusing<Extract<main.StreamRequest, { stream: unknown }>>>().toBeNever();
expectTypeOf<Refusing<server.TpaServerOptions>>().toBeNever();
expectTypeOf<Refusing<server.CloseOptions>>().toBeNever();
expectTypeOf<Refusing<main.PhotoRequestOptions>>().toBeNever();
expectTypeOf<Refusing<main.RtmpStreamOptions>>().toBeNever();
expectTypeOf<Refusing<main.StopStreamOptions>>().toBeNever();
expectTypeOf<Refusing<main.ManagedStreamOptions>>().toBeNever();
expectTypeOf<Refusing<main.AudioPlayOptions>>().toBeNever();
expectTypeOf<Refusing<main.SpeakOptions>>().toBeNever();
expectTypeOf<Refusing<main.LocationOptions>>().toBeNever();
expectTypeOf<Refusing<main.LedOptions>>().toBeNever();
expectTypeOf<Refusing<full.RoomConfig>>().toBeNever();
expectTypeOf<Refusing<full.SessionOptions>>().toBeNever();
// The check finds what it looks for.
expectTypeOf<Refusing<{ a?: string; b?: number | undefined; c: number }>>().toEqualTypeOf<"a">();
