/** Options of the platform's Node SDK: each is an option here too, or is accepted without effect. */
import assert from "node:assert/strict";
import { test } from "node:test";

import * as full from "../../pkg-template/src/full/option-names.js";
import { SDK_OPTIONS, SESSION_OPTIONS } from "../../pkg-template/src/session/option-names.js";
import { SERVER_OPTIONS } from "../../pkg-template/src/server/option-names.js";
import { library } from "../types/members.mjs";
import * as sdk from "./sdk.mjs";

const theirs = library(sdk.types);

for (const [file, name, ours] of [
  ["app/session/index.d.ts", "AppSessionConfig", [...SESSION_OPTIONS, ...SDK_OPTIONS]],
  ["app/server/index.d.ts", "AppServerConfig", [...SERVER_OPTIONS, ...SDK_OPTIONS]],
  ["app/server/index.d.ts", "AppServerConfig", [...SESSION_OPTIONS, ...SDK_OPTIONS]],
  ["app/session/modules/camera.d.ts", "PhotoRequestOptions", full.PHOTO_OPTIONS],
  ["app/session/modules/camera.d.ts", "RtmpStreamOptions", full.RTMP_STREAM_OPTIONS],
  ["app/session/modules/camera-managed-extension.d.ts", "ManagedStreamOptions", full.MANAGED_STREAM_OPTIONS],
  ["app/session/modules/audio.d.ts", "AudioPlayOptions", full.AUDIO_OPTIONS],
  ["app/session/modules/audio.d.ts", "SpeakOptions", full.SPEAK_OPTIONS],
  ["app/session/modules/led.d.ts", "LedControlOptions", full.LED_OPTIONS],
]) {
  test(`every option of ${name} is accepted`, () => {
    const names = theirs.named(file, name);
    assert.ok(names.length > 3);
    assert.deepEqual(
      names.filter((each) => !ours.includes(each)),
      [],
    );
  });
}
