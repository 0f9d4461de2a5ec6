/**
 * Session with everything that the platform offers: the peripherals of the glasses, rooms, and the
 * names of the platform's Node SDK.
 */
import type {
  AppConfig,
  AppSetting,
  DeviceProperties,
  KnownMessage,
  OtherMessage,
  OutgoingFrames,
} from "./frames.js";
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
  /** Ignored; the session id identifies the user. */
  userId?: string | undefined;
  /** Ignored. */
  appServer?: unknown;
}

export interface Events extends MainEvents {
  /** Same as `onTranslationForLanguage`. */
  ontranslationForLanguage: MainEvents["onTranslationForLanguage"];
}

export interface Settings extends MainSettings {
  /** Same as `getMentraOS`. */
  getMentraosSetting: MainSettings["getMentraOS"];
  /** Same as `onMentraosChange`. */
  onMentraosSettingChange: MainSettings["onMentraosChange"];
  /** Same as `onMentraosChange`. */
  onMentraosSettingsChange: MainSettings["onMentraosChange"];
}

/** Rejection of a request that was refused or got no response. */
export class TpaRequestError extends Error {
  readonly name: "TpaRequestError";
  readonly code: "REFUSED" | "TIMEOUT" | "DROPPED" | "CONNECTION_LOST" | "SESSION_OVER" | "CANCELLED";
}

/** Configuration of a room, set by the first app that joins. */
export interface RoomConfig {
  maxUsers?: number | undefined;
  isPrivate?: boolean | undefined;
  metadata?: unknown | undefined;
}

/** Rule by which `setSubscriptionSettings` derives subscriptions. */
export interface SubscriptionSettings {
  /** Keys of the settings on which the subscriptions depend. */
  updateOnChange: string[];
  /** Returns the streams for the settings. */
  handler: (settings: AppSetting[]) => string[];
}

/** Value that changes over time. */
export interface Observable<T> {
  readonly value: T;
  /** Called immediately if the value is known, then at each change. */
  onChange(handler: Handler<T>): Unsubscribe;
  valueOf(): T;
  toString(): string;
}

/** `session.device.state`: state of the glasses; values are `null` until the cloud sends them. */
export type DeviceState = {
  readonly [Name in keyof DeviceProperties]-?: Observable<
    Name extends "connected" | "wifiConnected" ? boolean : NonNullable<DeviceProperties[Name]> | null
  >;
} & { getSnapshot(): DeviceProperties };

/** Methods of `session.events` that are available on the session too. */
export type EventShortcuts = Omit<MainEvents, "on" | "emit" | "getRegisteredStreams">;

declare const Session: new (options: SessionOptions) => Main & EventShortcuts;

/** Session of `tpa-session` with all additions. */
export class TpaSession extends Session {
  readonly events: Events;
  readonly settings: Settings;
  readonly camera: Camera;
  readonly audio: Audio;
  readonly location: Location;
  readonly led: Led;
  readonly device: { readonly state: DeviceState };

  /** Sends to the same app of other users and to other apps of this user, or to a room. */
  broadcastToAppUsers(payload: unknown, roomId?: string): SendResult;

  /**
   * Sends to the same app of another user. Resolves with `true` if it was delivered; rejects with a
   * `TpaRequestError`, with the code `CONNECTION_LOST` if the connection is lost before the answer.
   */
  sendDirectMessage(userId: string, payload: unknown): Promise<boolean>;

  /** Joins a room of apps; repeated automatically after each reconnect. */
  joinAppRoom(roomId: string, roomConfig?: RoomConfig): void;
  leaveAppRoom(roomId: string): void;

  /** Id passed to `connect()`; `"unknown-session-id"` before. */
  getSessionId(): string;
  getPackageName(): string;
  /** URL in the options; `undefined` for a function, which is called for each attempt. */
  getServerUrl(): string | undefined;
  /** Origin at which the same cloud serves HTTP. */
  getHttpsServerUrl(): string | undefined;

  /** Same as `send`. */
  sendMessage(message: KnownMessage): SendResult;
  sendMessage<Message extends { type: keyof OutgoingFrames | (string & {}) }>(
    message: Message & OtherMessage<Message>,
  ): SendResult;

  /** Same as `settings.getAll`. */
  getSettings(): AppSetting[];
  /** Same as `settings.get`. */
  getSetting<T = any>(key: string): T | undefined;
  /** Applies settings as if the cloud had sent them. */
  updateSettingsForTesting(settings: AppSetting[]): void;
  /** Same as `settings.getConfig`. */
  getConfig(): AppConfig | null;
  /**
   * Applies a config as if the cloud had sent it with the ack.
   *
   * @throws {SyntaxError} for invalid JSON.
   * @throws {TypeError} for a config without settings.
   */
  loadConfigFromJson(jsonData: string): AppConfig;
  /** Settings of the config with their defaults as values; empty without a config. */
  getDefaultSettings(): AppSetting[];
  /** Definition of a setting in the config. */
  getSettingSchema(key: string): AppSetting | undefined;

  /**
   * Subscribes to the streams that `handler` returns for the current settings: at each ack, and when
   * one of the settings in `updateOnChange` changes.
   */
  setSubscriptionSettings(options: SubscriptionSettings): void;
  /** Subscribes to `touch_event:<gesture>` for each gesture; returns a function that unsubscribes. */
  subscribeToGestures(gestures: string[]): Unsubscribe;

  /** Last known Wi-Fi status of the glasses; requires a handler of `glasses_connection_state`. */
  getWifiStatus(): { connected: boolean; ssid?: string | null } | null;
  isWifiConnected(): boolean;
  /** Asks the user, on the phone, to set up the Wi-Fi of the glasses. */
  requestWifiSetup(reason?: string): SendResult;
}
