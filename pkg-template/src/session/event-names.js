/** Events of the methods of `session.events` whose only parameter is the handler. */
import { CONTROL_TYPES, RENAMED_TYPES, RESERVED_EVENTS } from "../../../src/web/js/dispatcher.js";
import { FRAME_TYPES, STREAMS } from "../../../src/web/js/streams.js";
import { STREAM_NAMES } from "./streams.js";

/** Methods for events other than streams. */
const OTHER_EVENTS = {
  onConnected: "connected",
  onDisconnected: "disconnected",
  onReconnecting: "reconnecting",
  onError: "error",
  onPermissionError: "permission_error",
  onPermissionDenied: "permission_denied",
  onCapabilitiesUpdate: "capabilities_update",
  onDashboardModeChange: "dashboard_mode_change",
  onDashboardAlwaysOnChange: "dashboard_always_on_change",
  onAppMessage: "app_message_received",
  onAppUserJoined: "app_user_joined",
  onAppUserLeft: "app_user_left",
  onAppRoomUpdated: "app_room_updated",
};

/**
 * Events by method.
 *
 * @type {Record<string, string>}
 */
export const EVENTS = { ...OTHER_EVENTS };

for (const [name, stream] of Object.entries(STREAMS)) {
  if ("method" in stream) EVENTS[stream.method] = name;
}

/** Events that this version knows. */
export const EVENT_NAMES = [
  ...RESERVED_EVENTS,
  ...CONTROL_TYPES,
  ...RENAMED_TYPES.flat(),
  ...FRAME_TYPES,
  ...STREAM_NAMES,
  ...Object.values(OTHER_EVENTS),
  "photo_response",
];
