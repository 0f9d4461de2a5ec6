/** Messages between apps: broadcasts, direct messages and rooms. */
import { CHECK_OPTIONS } from "../session/internal-symbols.js";
import { text } from "../session/validate.js";
import { ROOM_OPTIONS } from "./option-names.js";

export class Messages {
  #session;
  #requests;
  /** @type {Map<string, unknown>} joined rooms with their configurations */
  #rooms = new Map();
  /** @type {Map<string, unknown>} queued message of a room, which joins or leaves it */
  #queued = new Map();

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    this.#session = session;
    this.#requests = requests;
    // The cloud removes the app from all rooms when its socket closes.
    const rejoin = () => {
      for (const roomId of this.#rooms.keys()) if (!this.#queued.has(roomId)) this.#enter(roomId);
    };
    const dequeued = (/** @type {any} */ { message }) => {
      if (this.#queued.get(message.roomId) === message) this.#queued.delete(message.roomId);
    };
    session.on("sent", dequeued);
    session.on("dropped", dequeued);
    // Immediately, so that messages to a room are queued behind the join; and before each attempt, in
    // case the queue was full.
    session.on("disconnected", (/** @type {any} */ { permanent }) => permanent || rejoin());
    session.on("connecting", rejoin);
  }

  /**
   * @param {unknown} payload
   * @param {string} [roomId]
   */
  broadcast(payload, roomId) {
    const room = roomId === undefined ? {} : { roomId: text("roomId", roomId) };
    const message = { type: "app_broadcast_message", messageId: this.#requests.id(), payload, ...room };
    return this.#session.send(message);
  }

  /**
   * @param {string} targetUserId
   * @param {unknown} payload
   * @returns {Promise<boolean>} true if it was delivered
   */
  async direct(targetUserId, payload) {
    const message = { type: "app_direct_message", targetUserId: text("userId", targetUserId), payload };
    // A message that may have been received is not sent twice.
    const options = { repeats: false };
    const response = await this.#requests.send(message, "messageId", "app_direct_message_response", options);
    return response.success === true;
  }

  /**
   * @param {string} roomId
   * @param {unknown} [roomConfig]
   */
  join(roomId, roomConfig) {
    this.#session[CHECK_OPTIONS](roomConfig, ROOM_OPTIONS);
    this.#rooms.set(text("roomId", roomId), roomConfig);
    this.#enter(roomId);
  }

  /** @param {string} roomId */
  leave(roomId) {
    if (this.#rooms.delete(text("roomId", roomId))) this.#send("app_room_leave", roomId);
  }

  /** @param {string} roomId */
  #enter(roomId) {
    this.#send("app_room_join", roomId, { roomConfig: this.#rooms.get(roomId) });
  }

  /**
   * Sends a change of membership; in the queue the latest one for a room replaces those before.
   *
   * @param {string} type
   * @param {string} roomId
   * @param {object} [fields]
   */
  #send(type, roomId, fields) {
    const message = { type, roomId, ...fields };
    // The session's replay would come a second time, and behind messages to the room.
    const options = { key: `app_room:${roomId}`, replay: false };
    if (this.#session.send(message, options) === "queued") this.#queued.set(roomId, message);
    else this.#queued.delete(roomId);
  }
}
