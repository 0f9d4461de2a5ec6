/** What apps say to one another: to all, to one user, and in rooms. */
import { text } from "../session/validate.js";

export class Messages {
  #session;
  #requests;
  /** @type {Map<string, unknown>} rooms with what is said of them; the cloud forgets them with each socket */
  #rooms = new Map();

  /**
   * @param {any} session
   * @param {import("./requests.js").Requests} requests
   */
  constructor(session, requests) {
    this.#session = session;
    this.#requests = requests;
    const enterAll = () => {
      for (const roomId of this.#rooms.keys()) this.#enter(roomId);
    };
    // At once, so that what is said in a room meanwhile comes after; and again before each
    // attempt, for what the queue had no room for.
    session.on("disconnected", (/** @type {any} */ { permanent }) => permanent || enterAll());
    session.on("connecting", enterAll);
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
   * @returns {Promise<boolean>} whether it arrived
   */
  async direct(targetUserId, payload) {
    const message = { type: "app_direct_message", targetUserId: text("userId", targetUserId), payload };
    const answer = await this.#requests.ask(message, "messageId", "app_direct_message_response");
    return answer.success === true;
  }

  /**
   * @param {string} roomId
   * @param {unknown} [roomConfig]
   */
  join(roomId, roomConfig) {
    this.#rooms.set(text("roomId", roomId), roomConfig);
    this.#enter(roomId);
  }

  /** @param {string} roomId */
  leave(roomId) {
    if (this.#rooms.delete(text("roomId", roomId))) this.#tell("app_room_leave", roomId);
  }

  /** @param {string} roomId */
  #enter(roomId) {
    this.#tell("app_room_join", roomId, { roomConfig: this.#rooms.get(roomId) });
  }

  /**
   * Whether one is in a room is state: the newest word on it is enough.
   * @param {string} type
   * @param {string} roomId
   * @param {object} [more]
   */
  #tell(type, roomId, more) {
    this.#session.send({ type, roomId, ...more }, { key: `app_room:${roomId}` });
  }
}
