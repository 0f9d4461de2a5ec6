/** Frames of the protocol that a cloud sends, with a right value for each field. */

/** Fields by type of frame. @type {Record<string, Record<string, unknown>>} */
export const FRAMES = {
  tpa_connection_ack: {
    sessionId: "user-org.example.app",
    settings: [{ key: "lines", type: "select", value: 3 }],
    config: { name: "app", settings: [{ key: "lines", defaultValue: 5 }] },
    capabilities: { hasWifi: true },
    augmentosSettings: { useMetricSystem: true },
    mentraosSettings: { useMetricSystem: true },
    userId: "user",
    subscriptions: ["transcription"],
  },
  connection_error: { code: "X", message: "x" },
  data_stream: { streamType: "transcription", data: { text: "hello", transcribeLanguage: "en-US" } },
  settings_update: { packageName: "org.example.app", settings: [{ key: "lines", value: 4 }] },
  augmentos_settings_update: { settings: { useMetricSystem: false } },
  mentraos_settings_update: { settings: { useMetricSystem: false } },
  capabilities_update: { capabilities: { hasWifi: false }, modelName: "glasses" },
  dashboard_mode_changed: { mode: "main" },
  dashboard_always_on_changed: { enabled: true },
  custom_message: { action: "a", payload: {} },
  permission_error: {
    message: "no",
    details: [{ stream: "transcription", requiredPermission: "MICROPHONE", message: "no" }],
  },
  app_message_received: { payload: {}, messageId: "1" },
  app_user_joined: { userId: "a", roomId: "r" },
  app_user_left: { userId: "a", roomId: "r" },
  app_room_updated: { roomId: "r", updateType: "x" },
  app_direct_message_response: { messageId: "1", success: true },
  photo_response: { requestId: "1", photoUrl: "http://host", success: true },
  rtmp_stream_status: { streamId: "1", status: "active" },
  audio_play_response: { requestId: "1", success: true },
  managed_stream_status: { streamId: "1", status: "active", hlsUrl: "http://host" },
  device_state_update: { fullSnapshot: true, state: { batteryLevel: 5, wifiConnected: true } },
  stream_status_check_response: { hasActiveStream: false },
  pong: { id: 1 },
};

/** Frames after which a session ends or leaves its connection, as the protocol says. */
export const ENDING = {
  tpa_connection_error: { code: "INVALID_API_KEY", message: "x" },
  app_stopped: { reason: "user_disabled", message: "x" },
};

const DEEP = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
const LONG = JSON.stringify("x".repeat(1024 * 1024));

/** Texts of wrong values, by name. */
const WRONG = {
  null: "null",
  "a number": "5",
  "a negative number": "-1e300",
  "a boolean": "true",
  "an empty text": '""',
  "a text": '"x"',
  "a list": '[null,{},[],"x"]',
  "an object": '{"length":-1,"key":null,"then":"x","__proto__":{"type":"pong"}}',
  "a deep list": DEEP,
  "a deep object": `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  "1 MiB of text": LONG,
};

/** The text of a frame whose field has another text for its value. */
function written(type, fields, field, value) {
  const all = Object.entries(fields).map(([name, right]) => [name, JSON.stringify(right)]);
  const values = new Map([["type", JSON.stringify(type)], ...all, [field, value]]);
  const parts = [...values].filter(([, text]) => text !== undefined);
  return `{${parts.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}

/** All texts of a type of frame with something wrong, by name. */
export function* wrongFrames(type, fields) {
  for (const field of ["type", ...Object.keys(fields)]) {
    yield [`${field} is missing`, written(type, fields, field, undefined)];
    for (const [name, value] of Object.entries(WRONG)) {
      yield [`${field} is ${name}`, written(type, fields, field, value)];
    }
  }
}
