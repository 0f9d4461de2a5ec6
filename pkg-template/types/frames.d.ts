/** Frames that are no streams: what the cloud tells, and what it is told. */

/** Any frame from the cloud. */
export interface Frame {
  type: string;
  timestamp?: string;
  sessionId?: string;
  [field: string]: unknown;
}

/** Any frame to the cloud: `packageName`, `sessionId` and `timestamp` are added where absent. */
export interface OutgoingMessage {
  type: string;
  [field: string]: unknown;
}

/** One setting of the app as the user has it. */
export interface AppSetting {
  key: string;
  type: string;
  label?: string;
  value?: unknown;
  defaultValue?: unknown;
  options?: unknown[];
}

/** What the app's developer said of it; a setting of type `group` is a heading. */
export interface AppConfig {
  name: string;
  description: string;
  version: string;
  settings: (AppSetting | { type: "group"; title: string })[];
}

/** What a pair of glasses can do, as the cloud tells it. */
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

/** Which dashboard the wearer sees. */
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

/** What the glasses are like. Battery levels are percent. */
export interface DeviceFacts {
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
  /** Those that changed. */
  state: DeviceFacts;
}

/** Payloads by the name of the event. */
export interface FrameEvents {
  settings_update: SettingsUpdate;
  augmentos_settings_update: SystemSettingsUpdate;
  mentraos_settings_update: SystemSettingsUpdate;
  capabilities_update: CapabilitiesUpdate;
  dashboard_mode_change: DashboardModeChange;
  dashboard_always_on_change: DashboardAlwaysOnChange;
  permission_error: PermissionError;
  /** Each of its details. */
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
