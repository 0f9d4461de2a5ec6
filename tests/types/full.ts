/** Type tests of `tpa-session/full`: compiled, not run. */
import { expectTypeOf } from "expect-type";

import {
  type AppMessage,
  type AudioPlayResult,
  type ButtonPress,
  type LocationUpdate,
  type ManagedStreamUrls,
  type Observable,
  type PhotoResponse,
  type SendResult,
  type SessionOptions,
  type StreamCheck,
  TpaConnectionError,
  TpaRequestError,
  TpaSession,
  type TouchEvent,
  type TranscriptionData,
  type TranslationData,
} from "../../pkg-template/types/full.js";
import * as main from "../../pkg-template/types/index.js";

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

// Requests and their answers.
expectTypeOf(session.camera.requestPhoto({ size: "small" })).resolves.toEqualTypeOf<PhotoResponse>();
expectTypeOf(session.camera.startManagedStream()).resolves.toEqualTypeOf<ManagedStreamUrls>();
expectTypeOf(session.camera.checkExistingStream()).resolves.toEqualTypeOf<StreamCheck>();
expectTypeOf(session.audio.speak("a", { volume: 1 })).resolves.toEqualTypeOf<AudioPlayResult>();
expectTypeOf(session.location.getLatestLocation()).resolves.toEqualTypeOf<LocationUpdate>();
expectTypeOf(session.sendDirectMessage("user", 1)).resolves.toBeBoolean();
expectTypeOf(session.led.turnOn({ color: "green" })).resolves.toEqualTypeOf<SendResult>();
expectTypeOf<TpaRequestError["code"]>().toEqualTypeOf<
  "REFUSED" | "TIMEOUT" | "DROPPED" | "CONNECTION_LOST" | "SESSION_OVER" | "CANCELLED"
>();
// @ts-expect-error there is no such light
void session.led.turnOn({ color: "ultraviolet" });
// @ts-expect-error no sound without a URL
void session.audio.playAudio({ volume: 1 });

// What it knows.
expectTypeOf(session.getSessionId()).toBeString();
expectTypeOf(session.getServerUrl()).toEqualTypeOf<string | undefined>();
expectTypeOf(session.device.state.batteryLevel).toEqualTypeOf<Observable<number | null>>();
expectTypeOf(session.device.state.wifiConnected.value).toBeBoolean();
// @ts-expect-error it is the glasses' to say
session.device.state.batteryLevel.value = 1;
// @ts-expect-error a message has a type
session.sendMessage({ text: "a" });
