/** Frames other than those of streams, in both directions. */

/** Frame from the cloud. */
export interface Frame {
  type: string;
  timestamp?: string;
  sessionId?: string;
  [field: string]: unknown;
}

/** Frame to the cloud; missing fields `packageName`, `sessionId` and `timestamp` are added. */
export interface OutgoingMessage {
  type: string;
  [field: string]: unknown;
}

/** Setting of the app for this user. */
export interface AppSetting {
  key: string;
  type: string;
  label?: string;
  value?: unknown;
  defaultValue?: unknown;
  options?: unknown[];
}

/** Config of the app by its developer; a setting of type `group` is a heading. */
export interface AppConfig {
  name: string;
  description: string;
  version: string;
  settings: (AppSetting | { type: "group"; title: string })[];
}

/** Capabilities of the glasses. */
export interface Capabilities {
  modelName?: string;
  [field: string]: any;
}

export interface SettingsUpdate extends Frame {
  packageName?: string;
  settings: AppSetting[];
}

export interface SystemSettingsUpdate extends Frame {
  settings: { [key: string]: unknown };
}

export interface CapabilitiesUpdate extends Frame {
  capabilities: Capabilities | null;
  modelName: string | null;
}

/** Mode of the dashboard. */
export type DashboardMode = "main" | "expanded";

export interface DashboardModeChange extends Frame {
  mode: DashboardMode | "none";
}

export interface DashboardAlwaysOnChange extends Frame {
  enabled: boolean;
}

export interface PermissionErrorDetail {
  stream: string;
  requiredPermission: string;
  message: string;
}

export interface PermissionError extends Frame {
  message: string;
  details: PermissionErrorDetail[];
}

export interface AppStopped extends Frame {
  reason: "user_disabled" | "system_stop" | "error";
  message?: string;
}

export interface AppMessage extends Frame {
  messageId: string;
  payload: any;
  senderUserId: string;
  senderSessionId?: string;
  roomId?: string;
}

export interface AppUserChange extends Frame {
  userId: string;
  roomId?: string;
}

export interface AppRoomUpdate extends Frame {
  roomId: string;
}

export interface DirectMessageResponse extends Frame {
  messageId: string;
  success: boolean;
  targetUserId: string;
  error?: string;
}

export interface PhotoResponse extends Frame {
  requestId: string;
  success?: boolean;
  photoUrl?: string;
  savedToGallery?: boolean;
}

export interface AudioPlayResponse extends Frame {
  requestId: string;
  success: boolean;
  error?: string;
  /** ms. */
  duration?: number;
}

export interface RtmpStreamStatus extends Frame {
  streamId?: string;
  status: string;
  errorDetails?: string;
}

export interface ManagedStreamStatus extends Frame {
  status: "initializing" | "preparing" | "active" | "stopping" | "stopped" | "error";
  streamId?: string;
  hlsUrl?: string;
  dashUrl?: string;
  webrtcUrl?: string;
  previewUrl?: string;
  thumbnailUrl?: string;
  message?: string;
}

export interface StreamCheck extends Frame {
  hasActiveStream: boolean;
  streamInfo?: {
    type: "managed" | "unmanaged";
    streamId: string;
    status: string;
    rtmpUrl?: string;
    hlsUrl?: string;
    dashUrl?: string;
    [field: string]: unknown;
  };
}

/** State of the glasses. Battery levels are percentages. */
export interface DeviceProperties {
  connected?: boolean;
  modelName?: string;
  wifiConnected?: boolean;
  wifiSsid?: string;
  wifiLocalIp?: string;
  batteryLevel?: number;
  charging?: boolean;
  caseBatteryLevel?: number;
  caseCharging?: boolean;
  caseOpen?: boolean;
  caseRemoved?: boolean;
  hotspotEnabled?: boolean;
  hotspotSsid?: string;
}

export interface DeviceStateUpdate extends Frame {
  /** Changed properties. */
  state: DeviceProperties;
}

/** Payloads by event name. */
export interface FrameEvents {
  settings_update: SettingsUpdate;
  augmentos_settings_update: SystemSettingsUpdate;
  mentraos_settings_update: SystemSettingsUpdate;
  capabilities_update: CapabilitiesUpdate;
  dashboard_mode_change: DashboardModeChange;
  dashboard_always_on_change: DashboardAlwaysOnChange;
  permission_error: PermissionError;
  /** Emitted for each detail of a `permission_error`. */
  permission_denied: PermissionErrorDetail;
  app_stopped: AppStopped;
  app_message_received: AppMessage;
  app_user_joined: AppUserChange;
  app_user_left: AppUserChange;
  app_room_updated: AppRoomUpdate;
  app_direct_message_response: DirectMessageResponse;
  photo_response: PhotoResponse;
  audio_play_response: AudioPlayResponse;
  rtmp_stream_status: RtmpStreamStatus;
  managed_stream_status: ManagedStreamStatus;
  stream_status_check_response: StreamCheck;
  device_state_update: DeviceStateUpdate;
}
