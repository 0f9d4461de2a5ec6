/** `tpa-session/full`: requests to the glasses and the cloud, and messages between apps. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { asked, connected } from "./connected.mjs";
import { FullSession, ID } from "./peer.mjs";

const full = (ack, options) => connected(ack, { Session: FullSession, ...options });

test("a photo request is matched with its response, on any connection", async () => {
  const { session, tell, heard, flush, cut } = await full();
  const photo = session.camera.requestPhoto({ saveToGallery: true });
  await flush();
  const { requestId, saveToGallery } = asked(heard, "photo_request");
  assert.equal(saveToGallery, true);
  await cut();
  await tell({ type: "photo_response", requestId: "another", photoUrl: "no" });
  await tell({ type: "photo_response", requestId, success: true, photoUrl: "yes" });
  assert.equal((await photo).photoUrl, "yes");
  assert.deepEqual(session.subscriptions, []);
});

for (const delivery of ["at-most-once", "at-least-once"]) {
  test(`requests whose connection is lost are asked again once, with ${delivery}`, async () => {
    const { session, tell, heard, flush, cut } = await full({}, { delivery });
    const { camera, audio, location } = session;
    const photo = camera.requestPhoto({ size: "small" });
    const sound = audio.playAudio({ audioUrl: "a" });
    const place = location.getLatestLocation();
    const check = camera.checkExistingStream();
    const requests = () => heard().filter(({ type }) => /_request$|_check$/.test(type));
    await flush();
    const first = requests();
    assert.equal(first.length, 4);
    for (let i = 0; i < 2; i++) {
      await cut();
      await flush();
      const bare = (frames) => frames.map(({ timestamp, ...frame }) => (assert.ok(timestamp), frame));
      assert.deepEqual(bare(requests()), bare(first));
    }
    const [{ requestId }, { requestId: soundId }, { correlationId }] = first;
    await tell({ type: "photo_response", requestId, photoUrl: "p" });
    await tell({ type: "audio_play_response", requestId: soundId, success: true });
    const location_update = { lat: 1, lng: 2, correlationId };
    await tell({ type: "data_stream", streamType: "location_update", data: location_update });
    await tell({ type: "stream_status_check_response", hasActiveStream: false });
    await Promise.all([photo, sound, place, check]);
    await cut();
    await flush();
    assert.deepEqual(requests(), []);
  });
}

test("a request that waited in the queue is asked again if its connection is lost", async () => {
  const { session, heard, flush, cut, tell } = await full();
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  const back = cut();
  await lost;
  const photo = session.camera.requestPhoto();
  await back;
  await flush();
  const { requestId } = asked(heard, "photo_request");
  await cut();
  await flush();
  assert.equal(heard().filter(({ type }) => type === "photo_request").length, 1);
  await tell({ type: "photo_response", requestId, photoUrl: "p" });
  await photo;
});

test("a direct message whose connection is lost rejects at once", async () => {
  const { session, heard, flush, cut } = await full();
  const out = session.sendDirectMessage("user2", 1);
  await flush();
  const rejected = assert.rejects(out, {
    name: "TpaRequestError",
    code: "CONNECTION_LOST",
    message: /received/,
  });
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  const back = cut();
  await lost;
  await rejected;
  // One that was not sent waits.
  const waiting = session.sendDirectMessage("user3", 1).catch(({ code }) => code);
  await back;
  await flush();
  assert.deepEqual(
    heard().map(({ targetUserId }) => targetUserId),
    ["user3"],
  );
  session.disconnect();
  assert.equal(await waiting, "SESSION_OVER");
});

test("a request that cannot be asked again rejects at once", async () => {
  const { session, flush, cut } = await full({}, { maxQueuedMessages: 1 });
  const photos = [session.camera.requestPhoto(), session.camera.requestPhoto()];
  for (const photo of photos) photo.catch(() => {});
  await flush();
  await cut();
  await assert.rejects(photos[0], { code: "CONNECTION_LOST", message: /not sent again: overflow$/ });
  session.disconnect();
  await assert.rejects(photos[1], { code: "SESSION_OVER" });
});

test("a refused photo rejects with the reason", async () => {
  const { session, tell, heard, flush } = await full();
  const photo = session.camera.requestPhoto();
  await flush();
  const { requestId } = asked(heard, "photo_request");
  const refused = { name: "TpaRequestError", code: "REFUSED", message: "Camera busy" };
  const rejected = assert.rejects(photo, refused);
  await tell({ type: "photo_response", requestId, success: false, error: { message: "Camera busy" } });
  await rejected;
});

test("a refusal does not show the API key, and is one line of at most 300 characters", async () => {
  const { session, tell, heard, flush } = await full();
  const texts = [
    ["the key dev-key\nis %64ev-key", "the key [key] is [key]"],
    ["x".repeat(5000), "x".repeat(300)],
    [{ toString: null }, undefined],
    [42, undefined],
    ["", undefined],
  ];
  for (const [message, shown] of texts) {
    const photo = session.camera.requestPhoto();
    const stream = session.camera.startManagedStream();
    await flush();
    const { requestId } = asked(heard, "photo_request");
    const code = "REFUSED";
    const rejected = Promise.all([
      assert.rejects(photo, { code, message: shown ?? "No photo was taken" }),
      assert.rejects(stream, { code, message: shown ?? "The stream was not started" }),
    ]);
    await tell({ type: "photo_response", requestId, success: false, error: { message } });
    await tell({ type: "managed_stream_status", status: "error", message });
    await rejected;
  }
});

test("sounds, locations and messages receive responses", async () => {
  const { session, tell, heard, flush } = await full();
  const sound = session.audio.playAudio({ audioUrl: "https://example.org/a.mp3", volume: 0.5 });
  const place = session.location.getLatestLocation();
  const message = session.sendDirectMessage("user2", { hello: 1 });
  session.audio.stopAudio(2);
  await flush();
  const { requestId, volume } = asked(heard, "audio_play_request");
  assert.equal(volume, 0.5);
  await tell({ type: "audio_play_response", requestId, success: true, duration: 3 });
  const { correlationId } = asked(heard, "location_poll_request");
  const location = { lat: 1, lng: 2 };
  await tell({ type: "data_stream", streamType: "location_update", data: { ...location, correlationId } });
  const { messageId, targetUserId, payload } = asked(heard, "app_direct_message");
  assert.deepEqual({ targetUserId, payload }, { targetUserId: "user2", payload: { hello: 1 } });
  await tell({ type: "app_direct_message_response", messageId, success: false, targetUserId });
  assert.equal((await sound).duration, 3);
  assert.equal((await place).lat, 1);
  assert.equal(await message, false);
  assert.equal(asked(heard, "audio_stop_request").trackId, 2);
  assert.deepEqual(session.subscriptions, []);
});

test("a request rejects at once when the session ends, and without a session", async () => {
  const { session } = await full();
  const photo = session.camera.requestPhoto();
  session.disconnect();
  await assert.rejects(photo, { name: "TpaRequestError", code: "SESSION_OVER" });
  await assert.rejects(session.audio.playAudio({ audioUrl: "a" }), { code: "DROPPED" });
});

test("a request dropped by the queue rejects with the reason", async () => {
  const { session, cut } = await full({}, { maxQueuedMessages: 1, reconnectDelay: 60, jitter: 0 });
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  const back = cut();
  await lost;
  const photo = session.camera.requestPhoto();
  session.send({ type: "newer" });
  await assert.rejects(photo, { code: "DROPPED", message: "The request was not sent: overflow" });
  await back;
});

test("a request without a response times out", async ({ mock }) => {
  const { session } = await full();
  mock.timers.enable({ apis: ["setTimeout"] });
  const photo = session.camera.requestPhoto();
  mock.timers.tick(29_999);
  mock.timers.tick(1);
  await assert.rejects(photo, { code: "TIMEOUT", message: "No photo_response within 30 s" });
});

test("rooms are joined again after a cut, before messages to them", async () => {
  const { session, heard, flush, cut } = await full();
  session.joinAppRoom("a", { maxUsers: 3 });
  session.joinAppRoom("b");
  session.leaveAppRoom("b");
  session.leaveAppRoom("never");
  await flush();
  const words = () => heard().map(({ type, roomId }) => [type, roomId]);
  assert.deepEqual(words(), [
    ["app_room_join", "a"],
    ["app_room_join", "b"],
    ["app_room_leave", "b"],
  ]);
  const lost = new Promise((resolve) => session.once("disconnected", resolve));
  const back = cut();
  await lost;
  session.broadcastToAppUsers({ hello: 1 }, "a");
  await back;
  await flush();
  assert.deepEqual(words(), [
    ["app_room_join", "a"],
    ["app_broadcast_message", "a"],
  ]);
  assert.deepEqual(heard()[0].roomConfig, { maxUsers: 3 });
});

test("a room joined without a connection is joined once connected", async () => {
  const { session, heard, flush } = await full();
  session.disconnect();
  session.joinAppRoom("a");
  await session.connect(ID);
  await flush();
  assert.deepEqual(
    heard().map(({ type }) => type),
    ["app_room_join"],
  );
});

test("a video stream is active from its start until the cloud reports the end", async () => {
  const { session, tell, heard, flush } = await full();
  const { camera } = session;
  const rtmpUrl = "rtmp://example.org/live";
  camera.startStream({ rtmpUrl });
  assert.deepEqual([camera.isCurrentlyStreaming(), camera.getCurrentStreamUrl()], [true, rtmpUrl]);
  await tell({ type: "rtmp_stream_status", streamId: "s", status: "active" });
  assert.equal(camera.getStreamStatus().status, "active");
  camera.stopStream();
  await flush();
  assert.equal(asked(heard, "rtmp_stream_stop").streamId, "s");
  await tell({ type: "rtmp_stream_status", streamId: "s", status: "stopped" });
  assert.deepEqual([camera.isCurrentlyStreaming(), camera.getCurrentStreamUrl()], [false, undefined]);
  assert.deepEqual(session.subscriptions, []);
  camera.subscribeToStreamStatusUpdates();
  assert.deepEqual(session.subscriptions, ["rtmp_stream_status"]);
  camera.unsubscribeFromStreamStatusUpdates();
  camera.startStream({ rtmpUrl });
  session.disconnect();
  assert.equal(camera.isCurrentlyStreaming(), false);
});

test("a managed stream: URLs, end, and refusal", async () => {
  const { session, tell, heard, flush } = await full();
  const { camera } = session;
  const told = [];
  camera.onManagedStreamStatus(({ status }) => told.push(status));
  const started = camera.startManagedStream({ quality: "720p" });
  assert.deepEqual([camera.isManagedStreamActive(), camera.getManagedStreamUrls()], [true, undefined]);
  await flush();
  assert.equal(asked(heard, "managed_stream_request").quality, "720p");
  const status = (status, more) => tell({ type: "managed_stream_status", status, ...more });
  await status("initializing", { streamId: "s" });
  await status("active", { hlsUrl: "h", dashUrl: "d" });
  const { hlsUrl, dashUrl, streamId } = await started;
  assert.deepEqual([hlsUrl, dashUrl, streamId], ["h", "d", "s"]);
  assert.equal(camera.getManagedStreamUrls().hlsUrl, "h");
  camera.stopManagedStream();
  await status("stopped");
  assert.deepEqual([camera.isManagedStreamActive(), camera.getManagedStreamUrls()], [false, undefined]);
  const refused = assert.rejects(camera.startManagedStream(), { code: "REFUSED", message: "full" });
  await status("error", { message: "full" });
  await refused;
  assert.deepEqual(told, ["initializing", "active", "stopped", "error"]);
  const check = camera.checkExistingStream();
  await tell({ type: "stream_status_check_response", hasActiveStream: false });
  assert.equal((await check).hasActiveStream, false);
});

test("sounds: speech, parallel playback, and cancellation", async () => {
  const { session, heard, flush, tell } = await full();
  const { audio } = session;
  const spoken = audio.speak("a b", { voice_id: "v", voice_settings: { speed: 2 } });
  await audio.playAudio({ audioUrl: "beside", stopOtherAudio: false });
  await flush();
  const [speech, beside] = heard().filter(({ type }) => type === "audio_play_request");
  assert.deepEqual([beside.audioUrl, beside.volume, beside.trackId], ["beside", 1, 0]);
  const url = new URL(speech.audioUrl);
  assert.deepEqual([url.protocol, url.pathname, speech.trackId], ["http:", "/api/tts", 2]);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    text: "a b",
    voice_id: "v",
    voice_settings: '{"speed":2}',
  });
  assert.deepEqual(audio.getPendingRequestIds(), [speech.requestId]);
  await tell({ type: "audio_play_response", requestId: speech.requestId, success: true });
  assert.equal((await spoken).success, true);
  const given = [audio.playAudio({ audioUrl: "a" }), audio.playAudio({ audioUrl: "b" })];
  const rejected = given.map((sound) => assert.rejects(sound, { code: "CANCELLED" }));
  const [first] = audio.getPendingRequestIds();
  assert.deepEqual([audio.hasPendingRequest(first), audio.getPendingRequestCount()], [true, 2]);
  assert.deepEqual([audio.cancelAudioRequest(first), audio.cancelAudioRequest(first)], [true, false]);
  assert.equal(audio.cancelAllAudioRequests(), 1);
  await Promise.all(rejected);
  assert.equal(audio.hasPendingRequest(), false);
});

test("a sound has a longer timeout than other requests", async ({ mock }) => {
  const { session } = await full();
  mock.timers.enable({ apis: ["setTimeout"] });
  const sound = session.audio.playAudio({ audioUrl: "a" });
  mock.timers.tick(59_999);
  assert.equal(session.audio.hasPendingRequest(), true);
  mock.timers.tick(1);
  await assert.rejects(sound, { code: "TIMEOUT" });
});

test("cancelled photo requests", async () => {
  const { session, heard, flush } = await full();
  const { camera } = session;
  const photos = [camera.requestPhoto(), camera.requestPhoto(), camera.requestPhoto()];
  const rejected = photos.map((photo) => assert.rejects(photo, { code: "CANCELLED" }));
  await flush();
  const { requestId } = asked(heard, "photo_request");
  assert.equal(camera.hasPhotoPendingRequest(requestId), true);
  assert.equal(camera.cancelPhotoRequest(requestId), true);
  assert.equal(camera.hasPhotoPendingRequest(requestId), false);
  camera.startStream({ rtmpUrl: "rtmp://example.org/live" });
  assert.deepEqual(camera.cancelAllRequests(), { photoRequests: 2 });
  assert.equal(camera.cancelAllPhotoRequests(), 0);
  await Promise.all(rejected);
  await flush();
  assert.ok(asked(heard, "rtmp_stream_stop"));
});

test("the LED, and consecutive location requests", async () => {
  const lights = [{ id: "front", purpose: "general", isFullColor: true }];
  const { session, tell, heard, flush, stream } = await full({ capabilities: { light: { lights } } });
  const { led, location } = session;
  assert.deepEqual(led.getCapabilities(), lights);
  assert.equal(await led.turnOn(), "sent");
  await led.blink("green", 10, 20, 3);
  await led.solid("white", 5000);
  await led.turnOff();
  await flush();
  const light = heard().filter(({ type }) => type === "rgb_led_control");
  assert.deepEqual(
    light.map(({ action, color, ontime, offtime, count }) => [action, color, ontime, offtime, count]),
    [
      ["on", "red", 1000, 0, 1],
      ["on", "green", 10, 20, 3],
      ["on", "white", 5000, 0, 1],
      ["off", undefined, undefined, undefined, undefined],
    ],
  );
  assert.equal(new Set(light.map(({ requestId }) => requestId)).size, 4);
  await assert.rejects(led.turnOn({ color: "pink" }), { name: "TypeError" });
  const places = [];
  location.subscribeToStream({ accuracy: "high" }, ({ lat }) => places.push(lat));
  assert.deepEqual(session.subscriptions, ["location_update"]);
  await stream.call({ tell }, "location_update", { lat: 1, lng: 2 });
  location.unsubscribeFromStream();
  assert.deepEqual([places, session.subscriptions], [[1], []]);
});

test("invalid arguments are rejected with the allowed values", async () => {
  const { session, heard, flush } = await full();
  const { audio, camera } = session;
  assert.throws(() => session.joinAppRoom(), /^TypeError: roomId: must be a string, not undefined$/);
  assert.throws(() => camera.startStream({}), /^TypeError: rtmpUrl: must be a string, not undefined$/);
  await assert.rejects(audio.playAudio({ audioUrl: 1 }), { name: "TypeError" });
  await assert.rejects(
    audio.playAudio({ audioUrl: "a", volume: 2 }),
    /^TypeError: volume: must be 0 to 1, not 2$/,
  );
  await assert.rejects(session.sendDirectMessage(1, {}), { name: "TypeError" });
  await flush();
  assert.deepEqual(heard(), []);
});
