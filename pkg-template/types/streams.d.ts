/** Payloads of the streams. A type test compares this file with the list of streams in the source. */
import type { Handler } from "./index.js";
import type { Unsubscribe } from "./parts.js";

/** 16 kHz PCM audio from the glasses: a binary frame. */
export interface AudioChunk {
  /** Content of `bytes`, copied on access if necessary. */
  readonly arrayBuffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly sampleRate: number;
  /** Time of arrival, ms since the epoch. */
  readonly timestamp: number;
}

/** Segment of recognised speech, extended until it is final. Times are ms. */
export interface TranscriptionData {
  text: string;
  isFinal: boolean;
  /** E.g. `en-US`. */
  transcribeLanguage?: string;
  startTime: number;
  endTime: number;
  speakerId?: string;
  duration?: number;
  utteranceId?: string;
  detectedLanguage?: string;
  provider?: string;
  confidence?: number;
  metadata?: unknown;
}

/** Segment of translated speech. */
export interface TranslationData extends TranscriptionData {
  translateLanguage?: string;
  originalText?: string;
  didTranslate?: boolean;
}

export interface ButtonPress {
  buttonId: string;
  pressType: "short" | "long";
}

export interface HeadPosition {
  position: "up" | "down";
}

export interface TouchEvent {
  gesture_name: string;
  device_model?: string;
}

/** Battery of the glasses or the phone: level in percent, remaining time in minutes. */
export interface BatteryUpdate {
  level: number;
  charging: boolean;
  timeRemaining?: number;
}

export interface GlassesConnectionState {
  modelName: string;
  status: string;
  wifi?: { connected: boolean; ssid?: string | null };
}

/** Location: degrees, and accuracy in metres. */
export interface LocationUpdate {
  lat: number;
  lng: number;
  accuracy?: number;
  correlationId?: string;
}

/** Visual positioning of the glasses: position in metres, orientation as a quaternion. */
export interface VpsCoordinates {
  deviceModel: string;
  requestId: string;
  x: number;
  y: number;
  z: number;
  qx: number;
  qy: number;
  qz: number;
  qw: number;
  confidence: number;
}

/** Voice activity: `true` while somebody speaks. */
export interface VoiceActivity {
  status: boolean | "true" | "false";
}

export interface PhoneNotification {
  notificationId: string;
  app: string;
  title: string;
  content: string;
  priority: "low" | "normal" | "high";
}

export interface PhoneNotificationDismissed {
  notificationId: string;
  notificationKey?: string;
  app: string;
  title: string;
  content: string;
}

export interface CalendarEvent {
  eventId: string;
  title: string;
  /** ISO 8601. */
  dtStart: string;
  dtEnd: string;
  timezone: string;
  timeStamp?: string;
}

export interface PhotoTaken {
  /** Base64. */
  photoData: string;
  mimeType: string;
  timestamp?: string;
}

export interface CustomMessage {
  action: string;
  payload: any;
}

/** Payloads by stream name. Listening to a stream subscribes to it. */
export interface StreamEvents {
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

/** Methods of `session.events` that listen to a stream. */
export interface StreamMethods {
  onTranscription(handler: Handler<TranscriptionData>): Unsubscribe;
  onHeadPosition(handler: Handler<HeadPosition>): Unsubscribe;
  onButtonPress(handler: Handler<ButtonPress>): Unsubscribe;
  onPhoneNotifications(handler: Handler<PhoneNotification>): Unsubscribe;
  onPhoneNotificationDismissed(handler: Handler<PhoneNotificationDismissed>): Unsubscribe;
  onGlassesBattery(handler: Handler<BatteryUpdate>): Unsubscribe;
  onPhoneBattery(handler: Handler<BatteryUpdate>): Unsubscribe;
  onGlassesConnectionState(handler: Handler<GlassesConnectionState>): Unsubscribe;
  onLocation(handler: Handler<LocationUpdate>): Unsubscribe;
  onVpsCoordinates(handler: Handler<VpsCoordinates>): Unsubscribe;
  onCalendarEvent(handler: Handler<CalendarEvent>): Unsubscribe;
  onVoiceActivity(handler: Handler<VoiceActivity>): Unsubscribe;
  onAudioChunk(handler: Handler<AudioChunk>): Unsubscribe;
  onPhotoTaken(handler: Handler<PhotoTaken>): Unsubscribe;
}

/** Streams whose data the protocol does not describe. */
export type UntypedStream =
  | "location_stream"
  | "core_status_update"
  | "video"
  | "start_app"
  | "stop_app"
  | "open_dashboard"
  | "photo_request"
  | "settings_update_request";

/** Stream name, with a language or gesture where it has one. */
export type Stream =
  | keyof StreamEvents
  | `transcription:${string}`
  | `translation:${string}-to-${string}`
  | `touch_event:${string}`
  | "rtmp_stream_status"
  | "managed_stream_status"
  | UntypedStream
  | "all"
  | "*";

/** Payload of a stream. Data for `all` and `*` is delivered under the names of its own streams. */
export type StreamData<S extends string> = S extends keyof StreamEvents
  ? StreamEvents[S]
  : S extends `transcription:${string}`
    ? TranscriptionData
    : S extends `translation:${string}`
      ? TranslationData
      : S extends `touch_event:${string}`
        ? TouchEvent
        : S extends "all" | "*"
          ? never
          : S extends UntypedStream
            ? any
            : never;

/** Async iterator over the data of a stream. */
export interface StreamIterator<T> extends AsyncIterableIterator<T> {
  /** Number of items dropped because the loop was too slow. */
  readonly dropped: number;

  /** Leaves the stream, for `await using`. */
  [Symbol.asyncDispose](): Promise<any>;
}
