/** The parts of a session: `session.events`, `session.layouts` and so on. They speak to the session, whatever socket it has. */
import type {
  AppConfig,
  AppMessage,
  AppRoomUpdate,
  AppSetting,
  AppUserChange,
  AudioPlayResponse,
  CapabilitiesUpdate,
  DashboardAlwaysOnChange,
  DashboardMode,
  DashboardModeChange,
  ManagedStreamStatus,
  PermissionError,
  PermissionErrorDetail,
  PhotoResponse,
  RtmpStreamStatus,
  StreamCheck,
} from "./frames.js";
import type { DisconnectedEvent, EventName, EventPayload, Handler, ReconnectingEvent } from "./index.js";
import type * as streams from "./streams.js";

/** Takes a handler away again; to call it twice is no harm. */
export type Unsubscribe = () => void;

/** What became of a message: on its way, waiting for a connection, or given up. */
export type SendResult = "sent" | "queued" | "dropped";

/** `session.events`: handlers by name. Who listens to a stream subscribes to it. */
export interface Events {
  /** As `session.on`. */
  on<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;
  /** Calls the handlers as if it had come, for an app's own tests. */
  emit<E extends EventName>(event: E, data: EventPayload<E>): void;
  /** As `session.subscriptions`. */
  getRegisteredStreams(): string[];
  onTranscription(handler: Handler<streams.TranscriptionData>): Unsubscribe;
  /**
   * @param options what the cloud is told with the language; `true` is short for the first.
   * @throws {TypeError} for what is neither a language with its country, such as `en-US`, nor `auto`.
   */
  onTranscriptionForLanguage(
    language: string,
    handler: Handler<streams.TranscriptionData>,
    options?: boolean | { disableLanguageIdentification?: boolean; hints?: string[] },
  ): Unsubscribe;
  /** @throws {TypeError} as above. */
  onTranslationForLanguage(
    sourceLanguage: string,
    targetLanguage: string,
    handler: Handler<streams.TranslationData>,
  ): Unsubscribe;
  onHeadPosition(handler: Handler<streams.HeadPosition>): Unsubscribe;
  onButtonPress(handler: Handler<streams.ButtonPress>): Unsubscribe;
  onTouchEvent(handler: Handler<streams.TouchEvent>): Unsubscribe;
  onTouchEvent(gesture: string, handler: Handler<streams.TouchEvent>): Unsubscribe;
  onPhoneNotifications(handler: Handler<streams.PhoneNotification>): Unsubscribe;
  onPhoneNotificationDismissed(handler: Handler<streams.PhoneNotificationDismissed>): Unsubscribe;
  onGlassesBattery(handler: Handler<streams.BatteryUpdate>): Unsubscribe;
  onPhoneBattery(handler: Handler<streams.BatteryUpdate>): Unsubscribe;
  onGlassesConnectionState(handler: Handler<streams.GlassesConnectionState>): Unsubscribe;
  onLocation(handler: Handler<streams.LocationUpdate>): Unsubscribe;
  onVpsCoordinates(handler: Handler<streams.VpsCoordinates>): Unsubscribe;
  onCalendarEvent(handler: Handler<streams.CalendarEvent>): Unsubscribe;
  onVoiceActivity(handler: Handler<streams.VoiceActivity>): Unsubscribe;
  onAudioChunk(handler: Handler<streams.AudioChunk>): Unsubscribe;
  onPhotoTaken(handler: Handler<streams.PhotoTaken>): Unsubscribe;
  onCustomMessage(handler: Handler<streams.CustomMessage>): Unsubscribe;
  /** Only those with this action; the handler gets their payload. */
  onCustomMessage(action: string, handler: Handler<any>): Unsubscribe;
  onConnected(handler: Handler<AppSetting[]>): Unsubscribe;
  onDisconnected(handler: Handler<DisconnectedEvent>): Unsubscribe;
  onReconnecting(handler: Handler<ReconnectingEvent>): Unsubscribe;
  onError(handler: Handler<Error>): Unsubscribe;
  onPermissionError(handler: Handler<PermissionError>): Unsubscribe;
  /** Called for each stream that was refused. */
  onPermissionDenied(handler: Handler<PermissionErrorDetail>): Unsubscribe;
  onCapabilitiesUpdate(handler: Handler<CapabilitiesUpdate>): Unsubscribe;
  onDashboardModeChange(handler: Handler<DashboardModeChange>): Unsubscribe;
  onDashboardAlwaysOnChange(handler: Handler<DashboardAlwaysOnChange>): Unsubscribe;
  onAppMessage(handler: Handler<AppMessage>): Unsubscribe;
  onAppUserJoined(handler: Handler<AppUserChange>): Unsubscribe;
  onAppUserLeft(handler: Handler<AppUserChange>): Unsubscribe;
  onAppRoomUpdated(handler: Handler<AppRoomUpdate>): Unsubscribe;
  /** All settings, when the user has changed one. */
  onSettingsUpdate(handler: Handler<AppSetting[]>): Unsubscribe;
  /** As `session.settings.onValueChange`. */
  onSettingChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
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
  /**
   * The glasses themselves go from picture to picture.
   * @param intervalMs default 1650.
   * @returns `stop` clears the view.
   */
  showBitmapAnimation(
    frames: string[],
    intervalMs?: number,
    repeat?: boolean,
    options?: LayoutOptions,
  ): { stop: () => void };
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
    onModeChange(handler: Handler<DashboardMode | "none">): Unsubscribe;
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
  /** Sets them as if the cloud had told them; gives what changed. */
  updateSettings(settings: AppSetting[]): SettingsChange;
  /** Called with all that changed, those of the first ack included. */
  onChange(handler: Handler<SettingsChange>): Unsubscribe;
  onValueChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
  /** A setting of the system. */
  getMentraOS<T = any>(key: string, otherwise?: T): T;
  onMentraosChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
}

export interface PhotoRequestOptions {
  saveToGallery?: boolean;
  customWebhookUrl?: string;
  authToken?: string;
  size?: "small" | "medium" | "large" | "full";
  compress?: "none" | "medium" | "heavy";
}

/** Where a managed stream can be watched. */
export interface ManagedStreamUrls {
  hlsUrl: string;
  dashUrl: string;
  webrtcUrl?: string;
  previewUrl?: string;
  thumbnailUrl?: string;
  streamId?: string;
}

/** `session.camera`. */
export interface Camera {
  /** Rejects with a `TpaRequestError`. A lost connection does not end the wait, 30 s do. */
  requestPhoto(options?: PhotoRequestOptions): Promise<PhotoResponse>;
  hasPhotoPendingRequest(requestId: string): boolean;
  /** Rejects the request; tells whether there was one. */
  cancelPhotoRequest(requestId: string): boolean;
  /** Tells how many there were. */
  cancelAllPhotoRequests(): number;
  /** Photos, and streams. */
  cancelAllRequests(): { photoRequests: number };

  /** Streams to an RTMP server. */
  startStream(options: { rtmpUrl: string; [option: string]: unknown }): SendResult;
  stopStream(options?: { streamId?: string }): SendResult;
  /** From `startStream` until the cloud tells that it is over. */
  isCurrentlyStreaming(): boolean;
  getCurrentStreamUrl(): string | undefined;
  /** The last that was told. */
  getStreamStatus(): RtmpStreamStatus | undefined;
  onStreamStatus(handler: Handler<RtmpStreamStatus>): Unsubscribe;
  subscribeToStreamStatusUpdates(): void;
  unsubscribeFromStreamStatusUpdates(): void;

  /** Streams through the cloud. Rejects with a `TpaRequestError`, after 30 s at the latest. */
  startManagedStream(options?: {
    quality?: "720p" | "1080p";
    enableWebRTC?: boolean;
    [option: string]: unknown;
  }): Promise<ManagedStreamUrls>;
  stopManagedStream(): SendResult;
  isManagedStreamActive(): boolean;
  getManagedStreamUrls(): ManagedStreamUrls | undefined;
  onManagedStreamStatus(handler: Handler<ManagedStreamStatus>): Unsubscribe;
  /** Asks whether there is a stream, whoever started it. Rejects with a `TpaRequestError`. */
  checkExistingStream(): Promise<StreamCheck>;
}

export interface AudioPlayOptions {
  audioUrl: string;
  /** 0 to 1. Default 1. */
  volume?: number;
  /** Default `true`. */
  stopOtherAudio?: boolean;
  /** Default 0; of speech 2. */
  trackId?: number;
}

export interface SpeakOptions extends Omit<AudioPlayOptions, "audioUrl"> {
  voice_id?: string;
  model_id?: string;
  voice_settings?: {
    stability?: number;
    similarity_boost?: number;
    style?: number;
    use_speaker_boost?: boolean;
    speed?: number;
  };
}

/** What became of a sound. */
export type AudioPlayResult = Pick<AudioPlayResponse, "success" | "error" | "duration">;

/** `session.audio`. */
export interface Audio {
  /**
   * Resolves when the sound is over, or at once for one that plays beside others. Rejects with a
   * `TpaRequestError`. A lost connection does not end the wait, 60 s do.
   */
  playAudio(options: AudioPlayOptions): Promise<AudioPlayResult>;
  /** Plays a text that the cloud reads out. */
  speak(text: string, options?: SpeakOptions): Promise<AudioPlayResult>;
  stopAudio(trackId?: number): SendResult;
  hasPendingRequest(requestId?: string): boolean;
  getPendingRequestCount(): number;
  getPendingRequestIds(): string[];
  /** Rejects the request; tells whether there was one. */
  cancelAudioRequest(requestId: string): boolean;
  /** Tells how many there were. */
  cancelAllAudioRequests(): number;
}

/** `session.location`. */
export interface Location {
  /** As `events.onLocation`; the cloud is not told of an accuracy. */
  subscribeToStream(options: { accuracy?: string }, handler: Handler<streams.LocationUpdate>): Unsubscribe;
  /** Takes the last of those handlers away. */
  unsubscribeFromStream(): void;
  /** Asks once, without a subscription. Rejects with a `TpaRequestError`. */
  getLatestLocation(options?: { accuracy?: string }): Promise<streams.LocationUpdate>;
}

export type LedColor = "red" | "green" | "blue" | "orange" | "white";

export interface LedOptions {
  /** Default `"red"`. */
  color?: LedColor;
  /** ms. Default 1000. */
  ontime?: number;
  /** ms. Default 0. */
  offtime?: number;
  /** Default 1. */
  count?: number;
}

/** `session.led`. Every method rejects with a `TypeError` for an unknown colour or a negative time. */
export interface Led {
  turnOn(options?: LedOptions): Promise<SendResult>;
  turnOff(): Promise<SendResult>;
  blink(color: LedColor, ontime: number, offtime: number, count: number): Promise<SendResult>;
  solid(color: LedColor, duration: number): Promise<SendResult>;
  /** The lights that the glasses have, as far as the cloud has told. */
  getCapabilities(): {
    id: string;
    purpose: string;
    isFullColor: boolean;
    color?: string;
    position?: string;
  }[];
}
