/** Parts of a session: `session.events`, `session.layouts` and so on. They work across reconnects. */
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
import type {
  DisconnectedEvent,
  EventName,
  EventPayload,
  Handler,
  ReconnectingEvent,
  SessionError,
  UncheckedName,
} from "./index.js";
import type * as streams from "./streams.js";

/** Removes a handler; further calls have no effect. */
export type Unsubscribe = () => void;

/** Result of `send()`: written to the socket, queued, or dropped because the session has ended. */
export type SendResult = "sent" | "queued" | "dropped";

/** Options of the speech recognition. */
export interface RecognitionOptions {
  disableLanguageIdentification?: boolean | undefined;
  /** Languages that are likely to be spoken. */
  hints?: string[] | undefined;
}

/** `session.events`: a method for each event. Listening to a stream subscribes to it. */
export interface Events extends streams.StreamMethods {
  /** Same as `session.on`. */
  on<E extends EventName>(event: E, handler: Handler<EventPayload<E>>): Unsubscribe;
  on<E extends string>(event: UncheckedName<E>, handler: Handler<any>): Unsubscribe;
  /** Calls the handlers of an event, for tests of an app. */
  emit<E extends EventName>(event: E, data: EventPayload<E>): void;
  emit<E extends string>(event: UncheckedName<E>, data: any): void;
  /** Same as `session.subscriptions`. */
  getRegisteredStreams(): string[];
  /**
   * @param options options of the recognition; `true` stands for `disableLanguageIdentification`.
   * @throws {TypeError} for a language other than one with its country, such as `en-US`, or `auto`.
   */
  onTranscriptionForLanguage(
    language: string,
    handler: Handler<streams.TranscriptionData>,
    options?: boolean | RecognitionOptions,
  ): Unsubscribe;
  /** @throws {TypeError} for an invalid language. */
  onTranslationForLanguage(
    sourceLanguage: string,
    targetLanguage: string,
    handler: Handler<streams.TranslationData>,
  ): Unsubscribe;
  onTouchEvent(handler: Handler<streams.TouchEvent>): Unsubscribe;
  onTouchEvent(gesture: string, handler: Handler<streams.TouchEvent>): Unsubscribe;
  onCustomMessage(handler: Handler<streams.CustomMessage>): Unsubscribe;
  /** Listens to messages with this action; the handler is called with their payload. */
  onCustomMessage(action: string, handler: Handler<any>): Unsubscribe;
  onConnected(handler: Handler<AppSetting[]>): Unsubscribe;
  onDisconnected(handler: Handler<DisconnectedEvent>): Unsubscribe;
  onReconnecting(handler: Handler<ReconnectingEvent>): Unsubscribe;
  onError(handler: Handler<SessionError>): Unsubscribe;
  onPermissionError(handler: Handler<PermissionError>): Unsubscribe;
  /** Called for each refused stream. */
  onPermissionDenied(handler: Handler<PermissionErrorDetail>): Unsubscribe;
  onCapabilitiesUpdate(handler: Handler<CapabilitiesUpdate>): Unsubscribe;
  onDashboardModeChange(handler: Handler<DashboardModeChange>): Unsubscribe;
  onDashboardAlwaysOnChange(handler: Handler<DashboardAlwaysOnChange>): Unsubscribe;
  onAppMessage(handler: Handler<AppMessage>): Unsubscribe;
  onAppUserJoined(handler: Handler<AppUserChange>): Unsubscribe;
  onAppUserLeft(handler: Handler<AppUserChange>): Unsubscribe;
  onAppRoomUpdated(handler: Handler<AppRoomUpdate>): Unsubscribe;
  /** Called with all settings when the user has changed one. */
  onSettingsUpdate(handler: Handler<AppSetting[]>): Unsubscribe;
  /** Same as `session.settings.onValueChange`. */
  onSettingChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
}

/** View on which a layout is shown. */
export type View = "main" | "dashboard" | "always_on";

export interface LayoutOptions {
  /** Default `"main"`; for a dashboard card `"dashboard"`. */
  view?: View | undefined;
  /** Duration, ms; it also limits the time in the queue. Default: until the next layout. */
  durationMs?: number | undefined;
}

/**
 * `session.layouts`: content of the display. Without a connection, the latest layout of each view is
 * queued. Every method throws a `TypeError` for a text that is not a string, an unknown view, or a
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
   * Shows bitmaps in sequence; the glasses time the sequence themselves.
   *
   * @param intervalMs default 1650.
   * @returns `stop` clears the view.
   */
  showBitmapAnimation(
    frames: string[],
    intervalMs?: number,
    repeat?: boolean,
    options?: LayoutOptions,
  ): { stop: () => void };
  clearView(options?: LayoutOptions): SendResult;
}

/** `session.dashboard`. Without a connection, the latest content of each mode or section is queued. */
export interface Dashboard {
  readonly content: {
    /** @param targets default `["main"]`. */
    write(content: string, targets?: DashboardMode[]): SendResult;
    writeToMain(content: string): SendResult;
    writeToExpanded(content: string): SendResult;
    /** Mode of the dashboard; `"none"` until the cloud sends it. */
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

/** Changes by key. */
export interface SettingsChange {
  [key: string]: { oldValue: any; newValue: any };
}

/** `session.settings`: settings of the app for this user, from the last ack or update. */
export interface Settings {
  /** Returns the value, the default of the setting, the default in the app's config, or `fallback`. */
  get<T = any>(key: string, fallback?: T): T;
  getAll(): AppSetting[];
  has(key: string): boolean;
  getSetting(key: string): AppSetting | undefined;
  getConfig(): AppConfig | null;
  /** Applies settings as if the cloud had sent them, and returns the changes. */
  updateSettings(settings: AppSetting[]): SettingsChange;
  /** Called with all changes, including those of the first ack. */
  onChange(handler: Handler<SettingsChange>): Unsubscribe;
  onValueChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
  /** Returns a setting of the system. */
  getMentraOS<T = any>(key: string, fallback?: T): T;
  onMentraosChange<T = any>(key: string, handler: (value: T, previous: T | undefined) => void): Unsubscribe;
}

export interface PhotoRequestOptions {
  saveToGallery?: boolean | undefined;
  customWebhookUrl?: string | undefined;
  authToken?: string | undefined;
  size?: "small" | "medium" | "large" | "full" | undefined;
  compress?: "none" | "medium" | "heavy" | undefined;
}

/** Settings of a video stream; the glasses choose what is left out. */
export interface VideoStreamSettings {
  video?:
    | {
        width?: number | undefined;
        height?: number | undefined;
        /** Bits per second. */
        bitrate?: number | undefined;
        /** Frames per second. */
        frameRate?: number | undefined;
      }
    | undefined;
  audio?:
    | {
        /** Bits per second. */
        bitrate?: number | undefined;
        /** Hz. */
        sampleRate?: number | undefined;
        echoCancellation?: boolean | undefined;
        noiseSuppression?: boolean | undefined;
      }
    | undefined;
  stream?:
    | {
        /** Longest duration, s. */
        durationLimit?: number | undefined;
      }
    | undefined;
}

export interface RtmpStreamOptions extends VideoStreamSettings {
  rtmpUrl: string;
}

export interface StopStreamOptions {
  /** Default: the stream of the last status. */
  streamId?: string | undefined;
}

export interface ManagedStreamOptions extends VideoStreamSettings {
  quality?: "720p" | "1080p" | undefined;
  enableWebRTC?: boolean | undefined;
  /** RTMP servers to which the cloud forwards the stream. */
  restreamDestinations?: { url: string; name?: string | undefined }[] | undefined;
}

/** URLs of a managed stream. */
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
  /**
   * Rejects with a `TpaRequestError`, after 30 s at the latest. Asked again after a reconnect. In a
   * session of `tpa-session/server` it also resolves with a picture that the glasses upload.
   */
  requestPhoto(options?: PhotoRequestOptions): Promise<PhotoResponse>;
  hasPhotoPendingRequest(requestId: string): boolean;
  /** Rejects a pending request; returns `false` if there is none. */
  cancelPhotoRequest(requestId: string): boolean;
  /** Rejects all pending photo requests and returns their number. */
  cancelAllPhotoRequests(): number;
  /** Cancels photo requests and streams. */
  cancelAllRequests(): { photoRequests: number };

  /** Streams to an RTMP server. */
  startStream(options: RtmpStreamOptions): SendResult;
  stopStream(options?: StopStreamOptions): SendResult;
  /** True from `startStream` until the cloud reports the end. */
  isCurrentlyStreaming(): boolean;
  getCurrentStreamUrl(): string | undefined;
  /** Returns the last status that the cloud has sent. */
  getStreamStatus(): RtmpStreamStatus | undefined;
  onStreamStatus(handler: Handler<RtmpStreamStatus>): Unsubscribe;
  subscribeToStreamStatusUpdates(): void;
  unsubscribeFromStreamStatusUpdates(): void;

  /** Streams through the cloud. Rejects with a `TpaRequestError`, after 30 s at the latest. */
  startManagedStream(options?: ManagedStreamOptions): Promise<ManagedStreamUrls>;
  stopManagedStream(): SendResult;
  isManagedStreamActive(): boolean;
  getManagedStreamUrls(): ManagedStreamUrls | undefined;
  onManagedStreamStatus(handler: Handler<ManagedStreamStatus>): Unsubscribe;
  /** Queries the active stream, whichever app started it. Rejects with a `TpaRequestError`. */
  checkExistingStream(): Promise<StreamCheck>;
}

export interface AudioPlayOptions {
  audioUrl: string;
  /** 0 to 1. Default 1. */
  volume?: number | undefined;
  /** Default `true`. */
  stopOtherAudio?: boolean | undefined;
  /** Default 0; for speech 2. */
  trackId?: number | undefined;
}

export interface SpeakOptions extends Omit<AudioPlayOptions, "audioUrl"> {
  voice_id?: string | undefined;
  model_id?: string | undefined;
  voice_settings?:
    | {
        stability?: number | undefined;
        similarity_boost?: number | undefined;
        style?: number | undefined;
        use_speaker_boost?: boolean | undefined;
        speed?: number | undefined;
      }
    | undefined;
}

/** Outcome of a playback. */
export type AudioPlayResult = Pick<AudioPlayResponse, "success" | "error" | "duration">;

/** `session.audio`. */
export interface Audio {
  /**
   * Resolves at the end of the sound, or immediately if it plays in parallel with others. Rejects
   * with a `TpaRequestError`, after 60 s at the latest. After a reconnect it is asked for again, and
   * starts from its beginning.
   */
  playAudio(options: AudioPlayOptions): Promise<AudioPlayResult>;
  /** Plays a text as speech, synthesised by the cloud. */
  speak(text: string, options?: SpeakOptions): Promise<AudioPlayResult>;
  stopAudio(trackId?: number): SendResult;
  hasPendingRequest(requestId?: string): boolean;
  getPendingRequestCount(): number;
  getPendingRequestIds(): string[];
  /** Rejects a pending request; returns `false` if there is none. */
  cancelAudioRequest(requestId: string): boolean;
  /** Rejects all pending requests and returns their number. */
  cancelAllAudioRequests(): number;
}

export interface LocationOptions {
  /** E.g. `"high"`. Default `"standard"`. */
  accuracy?: string | undefined;
}

/** `session.location`. */
export interface Location {
  /** Same as `events.onLocation`; `accuracy` is accepted for compatibility and ignored. */
  subscribeToStream(options: LocationOptions, handler: Handler<streams.LocationUpdate>): Unsubscribe;
  /** Removes the handler that was added last. */
  unsubscribeFromStream(): void;
  /** Requests the location once, without a subscription. Rejects with a `TpaRequestError`. */
  getLatestLocation(options?: LocationOptions): Promise<streams.LocationUpdate>;
}

export type LedColor = "red" | "green" | "blue" | "orange" | "white";

export interface LedOptions {
  /** Default `"red"`. */
  color?: LedColor | undefined;
  /** ms. Default 1000. */
  ontime?: number | undefined;
  /** ms. Default 0. */
  offtime?: number | undefined;
  /** Default 1. */
  count?: number | undefined;
}

/** `session.led`. Every method rejects with a `TypeError` for an unknown color or a negative time. */
export interface Led {
  turnOn(options?: LedOptions): Promise<SendResult>;
  turnOff(): Promise<SendResult>;
  blink(color: LedColor, ontime: number, offtime: number, count: number): Promise<SendResult>;
  solid(color: LedColor, duration: number): Promise<SendResult>;
  /** Returns the lights of the glasses; empty until the cloud sends the capabilities. */
  getCapabilities(): {
    id: string;
    purpose: string;
    isFullColor: boolean;
    color?: string;
    position?: string;
  }[];
}
