/**
 * Streams of the cloud.
 *
 * Names, methods of `session.events`, promised fields and subscriptions all derive from the list of
 * streams; CONTRIBUTING.md has the steps for a new one.
 */
/**
 * Streams whose payload has a type, by name.
 *
 * - `method` of `session.events` listens to the stream; some streams have methods with parameters
 *   instead, in `pkg-template/src/session/events.js`.
 * - `fields` are always present; a payload without one of them is reported.
 */
export const STREAMS = /** @type {const} */ ({
  transcription: { method: "onTranscription", fields: ["text"] },
  translation: { fields: ["text"] },
  VAD: { method: "onVoiceActivity" },
  audio_chunk: { method: "onAudioChunk" },
  button_press: { method: "onButtonPress", fields: ["buttonId", "pressType"] },
  head_position: { method: "onHeadPosition", fields: ["position"] },
  touch_event: { fields: ["gesture_name"] },
  glasses_battery_update: { method: "onGlassesBattery", fields: ["level"] },
  phone_battery_update: { method: "onPhoneBattery", fields: ["level"] },
  glasses_connection_state: { method: "onGlassesConnectionState" },
  location_update: { method: "onLocation", fields: ["lat", "lng"] },
  vps_coordinates: { method: "onVpsCoordinates" },
  phone_notification: { method: "onPhoneNotifications", fields: ["title", "content"] },
  notification_dismissed: {},
  phone_notification_dismissed: { method: "onPhoneNotificationDismissed" },
  calendar_event: { method: "onCalendarEvent" },
  photo_taken: { method: "onPhotoTaken" },
  custom_message: { fields: ["action"] },
});

/** Further streams that an app can subscribe to; the protocol does not describe their payloads. */
export const UNTYPED_STREAMS = [
  "rtmp_stream_status",
  "managed_stream_status",
  "location_stream",
  "core_status_update",
  "video",
  "start_app",
  "stop_app",
  "open_dashboard",
  "photo_request",
  "settings_update_request",
  "all",
  "*",
];

/**
 * Types of frames that the package acts on, besides those that `dispatcher.js` names. A stream of such
 * a name is not delivered: its data is not such a frame. Responses that are also streams of the platform
 * (`photo_response`, `rtmp_stream_status`, `managed_stream_status`) are delivered.
 */
export const FRAME_TYPES = [
  "settings_update",
  "augmentos_settings_update",
  "mentraos_settings_update",
  "capabilities_update",
  "permission_error",
  "permission_denied",
  "device_state_update",
  "stream_status_check_response",
  "audio_play_response",
  "app_direct_message_response",
];

/** Payload of `audio_chunk`: a binary frame, PCM at 16 kHz. */
export class AudioChunk {
  /** @param {Uint8Array | ArrayBuffer} data */
  constructor(data) {
    this.bytes = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    this.sampleRate = 16000;
    this.timestamp = Date.now();
  }

  /** A copy where `bytes` is a view of a larger buffer, as the Buffers of `ws` are. */
  get arrayBuffer() {
    const { buffer, byteOffset, byteLength } = this.bytes;
    if (byteLength === buffer.byteLength) return buffer;
    return buffer.slice(byteOffset, byteOffset + byteLength);
  }
}

/**
 * The stream's name with the language or gesture of its data, if the data has one.
 * @param {string} stream
 * @param {any} data
 * @returns {string}
 */
export function nameWithVariant(stream, data) {
  if (stream === "touch_event") {
    const gesture = data?.gesture_name;
    return typeof gesture === "string" ? `touch_event:${gesture}` : stream;
  }
  const from = data?.transcribeLanguage;
  if (typeof from !== "string") return stream;
  if (stream === "transcription") return `transcription:${from}`;
  const to = data.translateLanguage;
  if (stream !== "translation" || typeof to !== "string") return stream;
  return `translation:${from}-to-${to}`;
}

/**
 * One string or a list of them, as a list. Anything that is not a string, or whose getter throws,
 * becomes an empty string.
 * @param {any} value
 * @returns {string[]}
 */
export function texts(value) {
  try {
    return [value].flat().map((text) => (typeof text === "string" ? text : ""));
  } catch {
    return [""];
  }
}
