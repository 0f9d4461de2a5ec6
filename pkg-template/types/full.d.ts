/**
 * The session with all that the platform offers: the parts of the glasses that answer requests,
 * rooms, and what the platform's Node SDK calls by other names, or has in other places.
 */
import type { AppConfig, AppSetting, DeviceFacts, OutgoingMessage } from "./frames.js";
import type { Handler, TpaSession as Main, SessionOptions as MainOptions } from "./index.js";
import type {
  Audio,
  Camera,
  Events as MainEvents,
  Led,
  Location,
  SendResult,
  Settings as MainSettings,
  Unsubscribe,
} from "./parts.js";

export * from "./index.js";

export interface SessionOptions extends MainOptions {
  /** Not needed: the session's id names the user. */
  userId?: string;
  /** Not used. */
  appServer?: unknown;
}

export interface Events extends MainEvents {
  /** As `onTranslationForLanguage`. */
  ontranslationForLanguage: MainEvents["onTranslationForLanguage"];
}

export interface Settings extends MainSettings {
  /** As `getMentraOS`. */
  getMentraosSetting: MainSettings["getMentraOS"];
  /** As `onMentraosChange`. */
  onMentraosSettingChange: MainSettings["onMentraosChange"];
  /** As `onMentraosChange`. */
  onMentraosSettingsChange: MainSettings["onMentraosChange"];
}

/** A request to the cloud that was refused, or got no answer. */
export class TpaRequestError extends Error {
  readonly name: "TpaRequestError";
  readonly code: "REFUSED" | "TIMEOUT" | "DROPPED" | "SESSION_OVER" | "CANCELLED";
}

/** What the first of a room says of it. */
export interface RoomConfig {
  maxUsers?: number;
  isPrivate?: boolean;
  metadata?: unknown;
}

/** A value that changes. */
export interface Observable<T> {
  readonly value: T;
  /** Called at once where the value is known, then at every change. */
  onChange(handler: Handler<T>): Unsubscribe;
  valueOf(): T;
  toString(): string;
}

/** `session.device.state`: what the glasses are like, as far as the cloud has told; `null` before. */
export type DeviceState = {
  readonly [Fact in keyof DeviceFacts]-?: Observable<
    Fact extends "connected" | "wifiConnected" ? boolean : NonNullable<DeviceFacts[Fact]> | null
  >;
} & { getSnapshot(): DeviceFacts };

/** The handlers by name of `session.events`, on the session itself. */
export type EventShortcuts = Omit<MainEvents, "on" | "emit" | "getRegisteredStreams">;

declare const Session: new (options: SessionOptions) => Main & EventShortcuts;

/** The session of `tpa-session`, and all else. */
export class TpaSession extends Session {
  readonly events: Events;
  readonly settings: Settings;
  readonly camera: Camera;
  readonly audio: Audio;
  readonly location: Location;
  readonly led: Led;
  readonly device: { readonly state: DeviceState };

  /** Tells the same app of other users and the other apps of the user, or those in a room. */
  broadcastToAppUsers(payload: unknown, roomId?: string): SendResult;

  /**
   * Tells the same app of another user; resolves with whether it arrived, and rejects with a
   * `TpaRequestError`.
   */
  sendDirectMessage(userId: string, payload: unknown): Promise<boolean>;

  /** Enters a room of apps, and again after every reconnect. */
  joinAppRoom(roomId: string, roomConfig?: RoomConfig): void;
  leaveAppRoom(roomId: string): void;

  /** The id given to `connect()`, `"unknown-session-id"` before. */
  getSessionId(): string;
  getPackageName(): string;
  /** The URL that was given; `undefined` for a function, which is asked at every attempt. */
  getServerUrl(): string | undefined;
  /** Where the same cloud answers HTTP. */
  getHttpsServerUrl(): string | undefined;

  /** As `send`. */
  sendMessage(message: OutgoingMessage): SendResult;

  /** As `settings.getAll`. */
  getSettings(): AppSetting[];
  /** As `settings.get`. */
  getSetting<T = any>(key: string): T | undefined;
  /** Sets them as if the cloud had told them. */
  updateSettingsForTesting(settings: AppSetting[]): void;
  /** As `settings.getConfig`. */
  getConfig(): AppConfig | null;
  /**
   * Takes the text of a config, as if the cloud had sent it with the ack.
   * @throws {SyntaxError} for what is no JSON. @throws {TypeError} for what has no settings.
   */
  loadConfigFromJson(jsonData: string): AppConfig;
  /** The settings of the config with their defaults for values; none before there is a config. */
  getDefaultSettings(): AppSetting[];
  /** What the config says of a setting. */
  getSettingSchema(key: string): AppSetting | undefined;

  /**
   * Subscribes to the streams that `handler` gives for the settings: at each ack, and when one
   * of the settings named changes.
   */
  setSubscriptionSettings(options: {
    updateOnChange: string[];
    handler: (settings: AppSetting[]) => string[];
  }): void;
  /** Subscribes to `touch_event:<gesture>` for each; returns its undo. */
  subscribeToGestures(gestures: string[]): Unsubscribe;

  /** The glasses' Wi-Fi as last told, for who listens to `glasses_connection_state`. */
  getWifiStatus(): { connected: boolean; ssid?: string | null } | null;
  isWifiConnected(): boolean;
  /** Has the phone ask the user for the glasses' Wi-Fi. */
  requestWifiSetup(reason?: string): SendResult;
}
