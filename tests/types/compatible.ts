/** What the types of `tpa-session/compatible` know and what they refuse. Compiled, never run. */
import { expectTypeOf } from "expect-type";

import {
  type AppMessage,
  type ButtonPress,
  type Observable,
  type SessionOptions,
  TpaConnectionError,
  TpaSession,
  type TouchEvent,
  type TranscriptionData,
  type TranslationData,
} from "../../pkg-template/compatible.js";
import * as main from "../../pkg-template/index.js";

const session = new TpaSession({ packageName: "org.example.app", apiKey: "key", userId: "u", appServer: {} });

// It is the package's session, with whatever that has.
expectTypeOf(session).toExtend<main.TpaSession>();
expectTypeOf<SessionOptions>().toExtend<main.SessionOptions>();
expectTypeOf(TpaConnectionError).toEqualTypeOf(main.TpaConnectionError);
session.on("button_press", (press) => expectTypeOf(press).toEqualTypeOf<ButtonPress>());
session.events.onButtonPress((press) => expectTypeOf(press).toEqualTypeOf<ButtonPress>());
expectTypeOf(session.connect("user-org.example.app")).resolves.toEqualTypeOf<main.AppSetting[]>();

// Handlers by name on the session, with what they take.
session.onTranscriptionForLanguage("en-US", (speech) =>
  expectTypeOf(speech).toEqualTypeOf<TranscriptionData>(),
);
session.onTouchEvent("swipe_up", (touch) => expectTypeOf(touch).toEqualTypeOf<TouchEvent>());
session.onTouchEvent((touch) => expectTypeOf(touch).toEqualTypeOf<TouchEvent>());
session.onAppMessage((message) => expectTypeOf(message).toEqualTypeOf<AppMessage>());
session.onSettingChange<number>("lines", (now) => expectTypeOf(now).toBeNumber());

// Second names.
session.events.ontranslationForLanguage("es-ES", "en-US", (said) =>
  expectTypeOf(said).toEqualTypeOf<TranslationData>(),
);
expectTypeOf(session.settings.getMentraosSetting<boolean>("metric")).toBeBoolean();

// What it knows.
expectTypeOf(session.getSessionId()).toBeString();
expectTypeOf(session.getServerUrl()).toEqualTypeOf<string | undefined>();
expectTypeOf(session.device.state.batteryLevel).toEqualTypeOf<Observable<number | null>>();
expectTypeOf(session.device.state.wifiConnected.value).toBeBoolean();
// @ts-expect-error it is the glasses' to say
session.device.state.batteryLevel.value = 1;
// @ts-expect-error a message has a type
session.sendMessage({ text: "a" });
