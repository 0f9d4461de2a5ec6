/**
 * Names of options of the parts of `tpa-session/full`. `tests/types/options.ts` fails where a list
 * and its type differ.
 */
export const PHOTO_OPTIONS = /** @type {const} */ ([
  "saveToGallery",
  "customWebhookUrl",
  "authToken",
  "size",
  "compress",
]);
export const RTMP_STREAM_OPTIONS = /** @type {const} */ (["rtmpUrl", "video", "audio", "stream"]);
export const STOP_STREAM_OPTIONS = /** @type {const} */ (["streamId"]);
export const MANAGED_STREAM_OPTIONS = /** @type {const} */ ([
  "quality",
  "enableWebRTC",
  "video",
  "audio",
  "stream",
  "restreamDestinations",
]);
export const AUDIO_OPTIONS = /** @type {const} */ (["audioUrl", "volume", "stopOtherAudio", "trackId"]);
export const SPEAK_OPTIONS = /** @type {const} */ ([
  "voice_id",
  "model_id",
  "voice_settings",
  "volume",
  "stopOtherAudio",
  "trackId",
]);
export const LOCATION_OPTIONS = /** @type {const} */ (["accuracy"]);
export const LED_OPTIONS = /** @type {const} */ (["color", "ontime", "offtime", "count"]);
export const ROOM_OPTIONS = /** @type {const} */ (["maxUsers", "isPrivate", "metadata"]);
export const SUBSCRIPTION_SETTINGS = /** @type {const} */ (["updateOnChange", "handler"]);
