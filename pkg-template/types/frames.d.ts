/** Frames other than those of streams, in both directions. */
import type { ReleaseReason } from "./index.js";
import type {
  AudioPlayOptions,
  LedOptions,
  ManagedStreamOptions,
  PhotoRequestOptions,
  RtmpStreamOptions,
  StopStreamOptions,
  View,
} from "./parts.js";

/** Fields of every frame from the cloud. */
export interface FrameFields {
  type: string;
  timestamp?: string;
  sessionId?: string;
}

/** Frame from the cloud whose fields are not known to this version. */
export interface Frame extends FrameFields {
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

export interface SettingsUpdate extends FrameFields {
  packageName?: string;
  settings: AppSetting[];
}

export interface SystemSettingsUpdate extends FrameFields {
  settings: { [key: string]: unknown };
}

export interface CapabilitiesUpdate extends FrameFields {
  capabilities: Capabilities | null;
  modelName: string | null;
}

/** Mode of the dashboard. */
export type DashboardMode = "main" | "expanded";

export interface DashboardModeChange extends FrameFields {
  mode: DashboardMode | "none";
}

export interface DashboardAlwaysOnChange extends FrameFields {
  enabled: boolean;
}

export interface PermissionErrorDetail {
  stream: string;
  requiredPermission: string;
  message: string;
}

export interface PermissionError extends FrameFields {
  message: string;
  details: PermissionErrorDetail[];
}

export interface AppStopped extends FrameFields {
  reason: "user_disabled" | "system_stop" | "error";
  message?: string;
}

export interface AppMessage extends FrameFields {
  messageId: string;
  payload: any;
  senderUserId: string;
  senderSessionId?: string;
  roomId?: string;
}

export interface AppUserChange extends FrameFields {
  userId: string;
  roomId?: string;
}

export interface AppRoomUpdate extends FrameFields {
  roomId: string;
}

export interface DirectMessageResponse extends FrameFields {
  messageId: string;
  success: boolean;
  targetUserId: string;
  error?: string;
}

export interface PhotoResponse extends FrameFields {
  requestId: string;
  success?: boolean;
  /** A `data:` URL of an uploaded picture, made on each access. */
  photoUrl?: string;
  savedToGallery?: boolean;
  /** Bytes of an uploaded picture, a `Buffer` in Node; `undefined` if the cloud sent a frame. */
  buffer?: Uint8Array;
  /** Type of an uploaded picture, e.g. `image/jpeg`. */
  mimeType?: string;
  /** Name of an uploaded picture. */
  filename?: string;
  /** Size of an uploaded picture in bytes. */
  size?: number;
}

export interface AudioPlayResponse extends FrameFields {
  requestId: string;
  success: boolean;
  error?: string;
  /** ms. */
  duration?: number;
}

export interface RtmpStreamStatus extends FrameFields {
  streamId?: string;
  status: string;
  errorDetails?: string;
  appId?: string;
  stats?: { bitrate: number; fps: number; droppedFrames: number; duration: number };
}

export interface ManagedStreamStatus extends FrameFields {
  status: "initializing" | "preparing" | "active" | "stopping" | "stopped" | "error";
  streamId?: string;
  hlsUrl?: string;
  dashUrl?: string;
  webrtcUrl?: string;
  previewUrl?: string;
  thumbnailUrl?: string;
  message?: string;
  outputs?: { url: string; name?: string; status: "active" | "error" | "stopped"; error?: string }[];
}

export interface StreamCheck extends FrameFields {
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

export interface DeviceStateUpdate extends FrameFields {
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

/** Content of a view, by its `layoutType`. */
export type Layout =
  | { layoutType: "text_wall"; text: string }
  | { layoutType: "double_text_wall"; topText: string; bottomText: string }
  | { layoutType: "reference_card"; title: string; text: string }
  | { layoutType: "dashboard_card"; leftText: string; rightText: string }
  | { layoutType: "bitmap_view"; data: string }
  | { layoutType: "bitmap_animation"; frames: string[]; interval: number; repeat: boolean }
  | { layoutType: "clear_view" };

/** Fields of the frames to the cloud that this version knows, by type. */
export interface OutgoingFrames {
  display_event: { view: View; layout: Layout; durationMs?: number; forceDisplay?: boolean };
  dashboard_content_update: { content: string; modes: DashboardMode[] };
  dashboard_mode_change: { mode: DashboardMode };
  dashboard_system_update: {
    section: "topLeft" | "topRight" | "bottomLeft" | "bottomRight";
    content: string;
  };
  photo_request: PhotoRequestOptions & { requestId: string };
  rtmp_stream_request: RtmpStreamOptions;
  rtmp_stream_stop: StopStreamOptions;
  managed_stream_request: ManagedStreamOptions & { requestId?: string };
  managed_stream_stop: unknown;
  stream_status_check: { requestId?: string };
  audio_play_request: AudioPlayOptions & { requestId: string };
  audio_stop_request: { trackId?: number };
  location_poll_request: { accuracy: string; correlationId: string };
  app_broadcast_message: { messageId: string; payload: unknown; roomId?: string };
  app_direct_message: { messageId: string; targetUserId: string; payload: unknown };
  app_room_join: { roomId: string; roomConfig?: unknown };
  app_room_leave: { roomId: string };
  rgb_led_control: LedOptions & { action: "on" | "off"; requestId?: string };
  request_wifi_setup: { reason?: string };
  ownership_release: { reason: ReleaseReason };
}

/** Frame to the cloud that this version knows. */
export type KnownMessage = {
  [Type in keyof OutgoingFrames]: OutgoingFrames[Type] & {
    type: Type;
    packageName?: string;
    sessionId?: string;
    timestamp?: string;
  };
}[keyof OutgoingFrames];

/** Any other frame: one whose type is not in `OutgoingFrames`, or not known to the compiler. */
export type OtherMessage<Message> = Message extends { type: keyof OutgoingFrames } ? never : Message;
