/** The parts of a session: `session.events`, `session.layouts` and so on. They speak to the session, whatever socket it has. */
import type {
  AppConfig,
  AppSetting,
  AudioPlayResponse,
  CapabilitiesUpdate,
  DashboardAlwaysOnChange,
  DashboardMode,
  DashboardModeChange,
  PermissionError,
  PermissionErrorDetail,
  PhotoResponse,
  RtmpStreamStatus,
} from "./frames.js";
import type { DisconnectedEvent, Handler, ReconnectingEvent } from "./index.js";
import type * as streams from "./streams.js";

/** Takes a handler away again; to call it twice is no harm. */
export type Undo = () => void;

/** What became of a message: on its way, waiting for a connection, or given up. */
export type SendResult = "sent" | "queued" | "dropped";

/** `session.events`: handlers by name. Who listens to a stream subscribes to it. */
export interface Events {
  /** As `session.on`. */
  on<S extends streams.Stream>(stream: S, handler: Handler<streams.StreamData<S>>): Undo;
  onTranscription(handler: Handler<streams.TranscriptionData>): Undo;
  /** @throws {TypeError} for what is no language with its country, such as `en-US`. */
  onTranscriptionForLanguage(language: string, handler: Handler<streams.TranscriptionData>): Undo;
  /** @throws {TypeError} as above. */
  onTranslationForLanguage(
    sourceLanguage: string,
    targetLanguage: string,
    handler: Handler<streams.TranslationData>,
  ): Undo;
  onHeadPosition(handler: Handler<streams.HeadPosition>): Undo;
  onButtonPress(handler: Handler<streams.ButtonPress>): Undo;
  onTouchEvent(handler: Handler<streams.TouchEvent>): Undo;
  onTouchEvent(gesture: string, handler: Handler<streams.TouchEvent>): Undo;
  onPhoneNotifications(handler: Handler<streams.PhoneNotification>): Undo;
  onPhoneNotificationDismissed(handler: Handler<streams.PhoneNotificationDismissed>): Undo;
  onGlassesBattery(handler: Handler<streams.BatteryUpdate>): Undo;
  onPhoneBattery(handler: Handler<streams.BatteryUpdate>): Undo;
  onGlassesConnectionState(handler: Handler<streams.GlassesConnectionState>): Undo;
  onLocation(handler: Handler<streams.LocationUpdate>): Undo;
  onVpsCoordinates(handler: Handler<streams.VpsCoordinates>): Undo;
  onCalendarEvent(handler: Handler<streams.CalendarEvent>): Undo;
  onVoiceActivity(handler: Handler<streams.VoiceActivity>): Undo;
  onAudioChunk(handler: Handler<streams.AudioChunk>): Undo;
  onPhotoTaken(handler: Handler<streams.PhotoTaken>): Undo;
  onCustomMessage(handler: Handler<streams.CustomMessage>): Undo;
  /** Only those with this action; the handler gets their payload. */
  onCustomMessage(action: string, handler: Handler<any>): Undo;
  onConnected(handler: Handler<AppSetting[]>): Undo;
  onDisconnected(handler: Handler<DisconnectedEvent>): Undo;
  onReconnecting(handler: Handler<ReconnectingEvent>): Undo;
  onError(handler: Handler<Error>): Undo;
  onPermissionError(handler: Handler<PermissionError>): Undo;
  /** Called for each stream that was refused. */
  onPermissionDenied(handler: Handler<PermissionErrorDetail>): Undo;
  onCapabilitiesUpdate(handler: Handler<CapabilitiesUpdate>): Undo;
  onDashboardModeChange(handler: Handler<DashboardModeChange>): Undo;
  onDashboardAlwaysOnChange(handler: Handler<DashboardAlwaysOnChange>): Undo;
  /** All settings, when the user has changed one. */
  onSettingsUpdate(handler: Handler<AppSetting[]>): Undo;
  /** As `session.settings.onValueChange`. */
  onSettingChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Undo;
}

/** Where a layout is shown. */
export type View = "main" | "dashboard" | "always_on";

export interface LayoutOptions {
  /** Default `"main"`; of a dashboard card `"dashboard"`. */
  view?: View;
  /** How long it is shown, ms; it is not shown later than that. Default: until the next. */
  durationMs?: number;
}

/**
 * `session.layouts`: what the glasses show. While there is no connection the last of each view
 * waits. Every method throws a `TypeError` for a text that is no string, an unknown view, or a
 * negative duration.
 */
export interface Layouts {
  showTextWall(text: string, options?: LayoutOptions): SendResult;
  showDoubleTextWall(topText: string, bottomText: string, options?: LayoutOptions): SendResult;
  showReferenceCard(title: string, text: string, options?: LayoutOptions): SendResult;
  showDashboardCard(leftText: string, rightText: string, options?: LayoutOptions): SendResult;
  /** @param data base64, at most 1,000,000 characters. */
  showBitmapView(data: string, options?: LayoutOptions): SendResult;
  clearView(options?: { view?: View }): SendResult;
}

/** `session.dashboard`. While there is no connection the last of each mode or section waits. */
export interface Dashboard {
  readonly content: {
    /** @param targets default `["main"]`. */
    write(content: string, targets?: DashboardMode[]): SendResult;
    writeToMain(content: string): SendResult;
    writeToExpanded(content: string): SendResult;
    /** What the wearer sees, as far as the cloud has told; `"none"` before. */
    getCurrentMode(): Promise<DashboardMode | "none">;
    onModeChange(handler: Handler<DashboardMode | "none">): Undo;
  };
  /** Only for the package `system.augmentos.dashboard`. */
  readonly system?: {
    setTopLeft(content: string): SendResult;
    setTopRight(content: string): SendResult;
    setBottomLeft(content: string): SendResult;
    setBottomRight(content: string): SendResult;
    setViewMode(mode: DashboardMode): SendResult;
  };
}

/** What changed, by key. */
export interface SettingsChange {
  [key: string]: { oldValue: any; newValue: any };
}

/** `session.settings`: those of the app as the user has them, from the last ack or update. */
export interface Settings {
  /** The value, else the setting's default, else that of the app's config, else `otherwise`. */
  get<T = any>(key: string, otherwise?: T): T;
  getAll(): AppSetting[];
  has(key: string): boolean;
  getSetting(key: string): AppSetting | undefined;
  getConfig(): AppConfig | null;
  /** Called with all that changed, those of the first ack included. */
  onChange(handler: Handler<SettingsChange>): Undo;
  onValueChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Undo;
  /** A setting of the system. */
  getMentraOS<T = any>(key: string, otherwise?: T): T;
  onMentraosChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Undo;
}

export interface PhotoRequestOptions {
  saveToGallery?: boolean;
  customWebhookUrl?: string;
  authToken?: string;
  size?: "small" | "medium" | "large" | "full";
  compress?: "none" | "medium" | "heavy";
}

/** `session.camera`. */
export interface Camera {
  /** Rejects with a `TpaRequestError`. A lost connection does not end the wait, 30 s do. */
  requestPhoto(options?: PhotoRequestOptions): Promise<PhotoResponse>;
  startStream(options: { rtmpUrl: string; [option: string]: unknown }): SendResult;
  stopStream(options?: { streamId?: string }): SendResult;
  onStreamStatus(handler: Handler<RtmpStreamStatus>): Undo;
}

export interface AudioPlayOptions {
  audioUrl: string;
  /** 0 to 1. */
  volume?: number;
  stopOtherAudio?: boolean;
  trackId?: number;
}

/** `session.audio`. */
export interface Audio {
  /** Rejects with a `TpaRequestError`. A lost connection does not end the wait, 30 s do. */
  playAudio(options: AudioPlayOptions): Promise<AudioPlayResponse>;
  stopAudio(trackId?: number): SendResult;
}

/** `session.location`. */
export interface Location {
  /** Asks once, without a subscription. Rejects with a `TpaRequestError`. */
  getLatestLocation(options?: { accuracy?: string }): Promise<streams.LocationUpdate>;
}
