/** Type tests of `tpa-session`: compiled, not run. */
import { expectTypeOf } from "expect-type";

import {
  type AppMessage,
  type AppRoomUpdate,
  type AppSetting,
  type AppStopped,
  type AppUserChange,
  type AudioChunk,
  type AudioPlayResponse,
  type BatteryUpdate,
  type ButtonPress,
  type CalendarEvent,
  type Capabilities,
  type CapabilitiesUpdate,
  type CloseKind,
  type ConnectingEvent,
  type CustomMessage,
  type DashboardAlwaysOnChange,
  type DashboardMode,
  type DashboardModeChange,
  type DeviceStateUpdate,
  type DirectMessageResponse,
  type DisconnectedEvent,
  type DroppedEvent,
  type EventPayload,
  type FlushError,
  type FrameEvents,
  type GlassesConnectionState,
  type HeadPosition,
  type LifecycleEvents,
  type LocationUpdate,
  type ManagedStreamStatus,
  type OutgoingMessage,
  type PermissionError,
  type PermissionErrorDetail,
  type PhoneNotification,
  type PhoneNotificationDismissed,
  type PhotoResponse,
  type PhotoTaken,
  type ReconnectingEvent,
  type RtmpStreamStatus,
  type SendResult,
  type SentEvent,
  type SessionError,
  type SessionState,
  type SettingsUpdate,
  type StateChangeEvent,
  type StreamCheck,
  type StreamEvents,
  type StreamIterator,
  type SystemSettingsUpdate,
  TpaConnectionError,
  TpaSession,
  type TouchEvent,
  type TranscriptionData,
  type TranslationData,
  type Unsubscribe,
  type VoiceActivity,
  type VpsCoordinates,
} from "../../pkg-template/types/index.js";

declare module "../../pkg-template/types/index.js" {
  interface CustomEvents {
    frame_of_this_app: { answer: number };
  }
}

type Known = { [E in keyof (Streams & Frames & Lifecycle)]: (Streams & Frames & Lifecycle)[E] };

const session = new TpaSession({ packageName: "org.example.app", apiKey: "key" });

// Every stream: its handler knows what it carries.
interface Streams {
  transcription: TranscriptionData;
  translation: TranslationData;
  VAD: VoiceActivity;
  audio_chunk: AudioChunk;
  button_press: ButtonPress;
  head_position: HeadPosition;
  touch_event: TouchEvent;
  glasses_battery_update: BatteryUpdate;
  phone_battery_update: BatteryUpdate;
  glasses_connection_state: GlassesConnectionState;
  location_update: LocationUpdate;
  vps_coordinates: VpsCoordinates;
  phone_notification: PhoneNotification;
  notification_dismissed: PhoneNotificationDismissed;
  phone_notification_dismissed: PhoneNotificationDismissed;
  calendar_event: CalendarEvent;
  photo_taken: PhotoTaken;
  custom_message: CustomMessage;
}
expectTypeOf<StreamEvents>().toEqualTypeOf<Streams>();

// Every frame.
interface Frames {
  settings_update: SettingsUpdate;
  augmentos_settings_update: SystemSettingsUpdate;
  mentraos_settings_update: SystemSettingsUpdate;
  capabilities_update: CapabilitiesUpdate;
  dashboard_mode_change: DashboardModeChange;
  dashboard_always_on_change: DashboardAlwaysOnChange;
  permission_error: PermissionError;
  permission_denied: PermissionErrorDetail;
  app_stopped: AppStopped;
  app_message_received: AppMessage;
  app_user_joined: AppUserChange;
  app_user_left: AppUserChange;
  app_room_updated: AppRoomUpdate;
  app_direct_message_response: DirectMessageResponse;
  photo_response: PhotoResponse;
  audio_play_response: AudioPlayResponse;
  rtmp_stream_status: RtmpStreamStatus;
  managed_stream_status: ManagedStreamStatus;
  stream_status_check_response: StreamCheck;
  device_state_update: DeviceStateUpdate;
}
expectTypeOf<FrameEvents>().toEqualTypeOf<Frames>();

// And every event of the connection.
interface Lifecycle {
  connecting: ConnectingEvent;
  connected: AppSetting[];
  disconnected: DisconnectedEvent;
  reconnecting: ReconnectingEvent;
  stateChange: StateChangeEvent;
  error: SessionError;
  sent: SentEvent;
  dropped: DroppedEvent;
}
expectTypeOf<LifecycleEvents>().toEqualTypeOf<Lifecycle>();

// `on` and `once` give each to its handler, `stream` to its loop.
expectTypeOf<Known>().toEqualTypeOf<{ [E in keyof Known]: EventPayload<E> }>();
session.on("button_press", (press) => expectTypeOf(press).toEqualTypeOf<ButtonPress>());
session.on("audio_chunk", (chunk) => expectTypeOf(chunk).toEqualTypeOf<AudioChunk>());
session.on("settings_update", (frame) => expectTypeOf(frame).toEqualTypeOf<SettingsUpdate>());
session.on("permission_denied", (detail) => expectTypeOf(detail).toEqualTypeOf<PermissionErrorDetail>());
session.on("connected", (settings) => expectTypeOf(settings).toEqualTypeOf<AppSetting[]>());
session.on("disconnected", ({ kind }) => expectTypeOf(kind).toEqualTypeOf<CloseKind>());
session.on("stateChange", ({ to }) => expectTypeOf(to).toEqualTypeOf<SessionState>());
session.once("error", (error) => {
  expectTypeOf(error).toEqualTypeOf<SessionError>();
  expectTypeOf(error.code).toEqualTypeOf<string | undefined>();
});
session.on("transcription:en-US", (speech) => expectTypeOf(speech).toEqualTypeOf<TranscriptionData>());
session.on("translation:es-ES-to-en-US", (said) => expectTypeOf(said).toEqualTypeOf<TranslationData>());
session.on("touch_event:swipe_up", (touch) => expectTypeOf(touch).toEqualTypeOf<TouchEvent>());

// Names are checked; those that this version does not know are declared, or of type `string`.
session.on("frame_of_this_app", (frame) => expectTypeOf(frame.answer).toBeNumber());
declare const name: string;
session.on(name, (frame) => expectTypeOf(frame).toBeAny());
session.once("frame_of_tomorrow" as string, (frame) => expectTypeOf(frame).toBeAny());
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the payload of an unknown event
expectTypeOf(session.stream(name)).toEqualTypeOf<StreamIterator<any>>();
session.subscribe([name, "button_press"]);
session.subscribe("frame_of_this_app");
session.subscribe({ stream: name, rate: "high" });
session.subscribe(["transcription:en-US", { stream: "location_update", rate: undefined }]);
session.unsubscribe(["all", "*"]);
session.events.emit(name, 1);
// @ts-expect-error a misspelt event
session.on("transcripton", () => {});
// @ts-expect-error an unknown event
session.once("heart_rate", () => {});
// @ts-expect-error a misspelt stream
session.stream("buton_press");
// @ts-expect-error a misspelt stream
session.subscribe("buton_press");
// @ts-expect-error a misspelt stream in a list
session.subscribe(["button_press", "buton_press"]);
// @ts-expect-error a misspelt stream with a rate
session.subscribe({ stream: "location", rate: "high" });
// @ts-expect-error not a stream
session.unsubscribe("disconnected");
// @ts-expect-error a misspelt event
session.events.on("dropt", () => {});
// @ts-expect-error a field that the stream does not have
session.on("button_press", ({ buttonid }) => void buttonid);
// @ts-expect-error a field that the frame does not have
session.on("settings_update", ({ setting }) => void setting);
expectTypeOf(session.stream("transcription:en-US")).toEqualTypeOf<StreamIterator<TranscriptionData>>();
// @ts-expect-error a press has no text
session.on("button_press", ({ words }: { words: string[] }) => words);
// @ts-expect-error a handler is a function
session.on("button_press", "loud");

// Handlers by name.
session.events.onTranscription((speech) => expectTypeOf(speech).toEqualTypeOf<TranscriptionData>());
session.events.onTranscriptionForLanguage("en-US", (speech) => expectTypeOf(speech.text).toBeString());
session.events.onTranslationForLanguage("es-ES", "en-US", (said) =>
  expectTypeOf(said).toEqualTypeOf<TranslationData>(),
);
session.events.onTouchEvent("swipe_up", (touch) => expectTypeOf(touch).toEqualTypeOf<TouchEvent>());
session.events.onTouchEvent((touch) => expectTypeOf(touch).toEqualTypeOf<TouchEvent>());
session.events.onAppMessage((message) => expectTypeOf(message).toEqualTypeOf<AppMessage>());
session.events.onSettingChange<number>("lines", (now, before) => {
  expectTypeOf(now).toBeNumber();
  expectTypeOf(before).toEqualTypeOf<number | undefined>();
});
expectTypeOf(session.events.onButtonPress).returns.toEqualTypeOf<Unsubscribe>();
// @ts-expect-error two languages
session.events.onTranslationForLanguage("es-ES", () => {});

// What is sent, and what becomes of it.
expectTypeOf(session.send({ type: "x", more: 1 }, { key: "k", ttl: 5 })).toEqualTypeOf<SendResult>();
expectTypeOf<SendResult>().toEqualTypeOf<"sent" | "queued" | "dropped">();
expectTypeOf(
  session.layouts.showTextWall("a", { view: "always_on", durationMs: 1 }),
).toEqualTypeOf<SendResult>();
expectTypeOf(session.layouts.showBitmapAnimation(["a"], 100, true).stop).returns.toBeVoid();
expectTypeOf(session.dashboard.content.write("a", ["main", "expanded"])).toEqualTypeOf<SendResult>();
expectTypeOf(session.dashboard.content.getCurrentMode()).resolves.toEqualTypeOf<DashboardMode | "none">();
expectTypeOf(session.dashboard.system?.setTopLeft("a")).toEqualTypeOf<SendResult | undefined>();
// @ts-expect-error a message has a type
session.send({ text: "a" });

// Messages may be typed by interfaces and classes; the fields of known frames are checked.
interface Progress {
  type: "progress";
  percent: number;
}
declare const progress: Progress;
session.send(progress);
class Note {
  type = "note";
  text = "";
}
session.send(new Note());
declare const unchecked: OutgoingMessage;
session.send(unchecked);
declare const other: Progress | Note;
session.send(other, { key: undefined, ttl: undefined });
const layout = { layoutType: "text_wall", text: "a" } as const;
session.send({ type: "display_event", view: "main", layout, durationMs: 5 });
session.send({ type: "ownership_release", reason: "user_logout" });
// @ts-expect-error there is no such view
session.send({ type: "display_event", view: "moon", layout });
// @ts-expect-error a misspelt field
session.send({ type: "display_event", veiw: "main", layout });
// @ts-expect-error a field that the frame does not have
session.send({ type: "display_event", view: "main", layout, duration: 5 });
// @ts-expect-error a field is missing
session.send({ type: "audio_play_request", requestId: "a" });
// @ts-expect-error there is no such reason
session.send({ type: "ownership_release", reason: "bored" });
// @ts-expect-error there is no such place
session.layouts.showTextWall("a", { view: "sky" });
// @ts-expect-error only the system's dashboard has it
session.dashboard.system.setTopLeft("a");

// Requests and their answers.
expectTypeOf(session.connect("user-org.example.app")).resolves.toEqualTypeOf<AppSetting[]>();
expectTypeOf(session.flush()).resolves.toBeVoid();
expectTypeOf<FlushError["code"]>().toEqualTypeOf<
  "NOT_SUPPORTED" | "CONNECTION_LOST" | "SESSION_OVER" | "NOT_STARTED"
>();
expectTypeOf<TpaConnectionError["kind"]>().toEqualTypeOf<CloseKind>();

// What the session knows.
expectTypeOf(session.state).toEqualTypeOf<SessionState>();
expectTypeOf(session.capabilities).toEqualTypeOf<Capabilities | null>();
expectTypeOf(session.settings.get<number>("lines", 3)).toBeNumber();
expectTypeOf(session.userId).toEqualTypeOf<string | undefined>();
// @ts-expect-error it is the session's to say
session.state = "idle";

// Options.
new TpaSession({
  packageName: "org.example.app",
  apiKey: async () => "key",
  mentraOSWebsocketUrl: () => "wss://example.org/app-ws",
  maxReconnectAttempts: Infinity,
  shouldReconnect: ({ kind }) => (kind === "Abnormal" ? true : undefined),
  delivery: "at-least-once",
  logger: console,
  WebSocket,
});
// @ts-expect-error the key is required
new TpaSession({ packageName: "org.example.app" });
// @ts-expect-error there is no such guarantee
new TpaSession({ packageName: "org.example.app", apiKey: "key", delivery: "exactly-once" });
// @ts-expect-error there is no such option
new TpaSession({ packageName: "org.example.app", apiKey: "key", colour: "red" });
// @ts-expect-error that is for tpa-session/full
new TpaSession({ packageName: "org.example.app", apiKey: "key", userId: "user" });
// @ts-expect-error and so are the shortcuts
session.onButtonPress(() => {});
// @ts-expect-error second names
void session.settings.getMentraosSetting;
// @ts-expect-error and the glasses' state
void session.device;
// @ts-expect-error and their camera
void session.camera;
// @ts-expect-error a reason that the cloud does not know
session.disconnect({ releaseOwnership: true, reason: "tired" });
