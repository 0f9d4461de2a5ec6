/**
 * The streams of the cloud. Names, methods of `session.events`, promised fields and subscriptions all
 * derive from this list; CONTRIBUTING.md has the steps for a new stream.
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
