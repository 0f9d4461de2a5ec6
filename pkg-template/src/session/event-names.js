/** Events of the methods of `session.events` whose only parameter is the handler. */
import { STREAMS } from "../../../src/web/js/streams.js";

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
