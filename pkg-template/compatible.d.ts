/** What the session has beside its parts because the platform's Node SDK has it there. */
import type { AppConfig, AppSetting, OutgoingMessage } from "./frames.js";
import type { Events, SendResult, Undo } from "./parts.js";

/** The handlers by name of `session.events`, on the session itself. */
export type EventShortcuts = Pick<
  Events,
  Exclude<keyof Events, "on" | "emit" | "ontranslationForLanguage" | "getRegisteredStreams">
>;

export interface SessionShortcuts extends EventShortcuts {
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
  subscribeToGestures(gestures: string[]): Undo;

  /** The glasses' Wi-Fi as last told, for who listens to `glasses_connection_state`. */
  getWifiStatus(): { connected: boolean; ssid?: string | null } | null;
  isWifiConnected(): boolean;
  /** Has the phone ask the user for the glasses' Wi-Fi. */
  requestWifiSetup(reason?: string): SendResult;
}
