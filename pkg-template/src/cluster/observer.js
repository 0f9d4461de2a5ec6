/**
 * What a process of a cluster tells of itself: messages on channels of `node:diagnostics_channel`, and a log
 * line for each move of a session.
 *
 * @import { ClusterMemberMessage } from "tpa-session/telemetry"
 * @import { State } from "./state.js"
 */
import {
  clusterAsked,
  clusterCommand,
  clusterEvent,
  clusterJoined,
  clusterLeft,
  clusterReplied,
} from "../server/diagnostics.js";
import { isDead } from "./state.js";

/** Events that are moves of a session, as log lines name them. @type {Readonly<Record<string, string>>} */
const MOVES = {
  takeovers: "taken over",
  handovers: "handed over",
  lost: "lost",
  won: "won",
  quarantined: "quarantined",
};

export class Observer {
  #packageName;
  #instance;
  #log;
  /** @type {ClusterMemberMessage} */
  #view;

  /**
   * @param {{ packageName: string, log: import("../server/log.js").Log }} parts
   * @param {State} state
   * @param {() => boolean} isReady
   */
  constructor({ packageName, log }, state, isReady) {
    const { instance } = state;
    this.#packageName = packageName;
    this.#instance = instance;
    this.#log = log;
    this.#view = {
      packageName,
      instance,
      get members() {
        return 1 + [...state.peers.values()].filter((peer) => !isDead(state, peer)).length;
      },
      get isAlone() {
        return state.isAlone;
      },
      get isReady() {
        return isReady();
      },
      get owed() {
        return state.owed.size;
      },
    };
  }

  joined() {
    clusterJoined.publish(() => this.#view);
  }

  left() {
    clusterLeft.publish(() => this.#view);
  }

  /**
   * A command has been answered, or has failed.
   *
   * @param {string} command
   * @param {number} duration ms
   * @param {boolean} isAnswered
   */
  command(command, duration, isAnswered) {
    const packageName = this.#packageName;
    clusterCommand.publish(() => ({ packageName, command, duration, isAnswered }));
  }

  /** Tells what an output of the core says. @param {any} output */
  observe({ type, ...details }) {
    const common = { packageName: this.#packageName, instance: this.#instance };
    if (type === "count") {
      clusterEvent.publish(() => ({ ...common, ...details }));
      const what = MOVES[details.name];
      if (what !== undefined) this.#move(what, details);
    } else if (type === "gate" && details.isOpen) {
      clusterEvent.publish(() => ({ ...common, name: "gate", duration: details.closedFor }));
    } else if (type === "asked") {
      clusterAsked.publish(() => ({ ...common, ...details }));
    } else if (type === "replied") {
      clusterReplied.publish(() => ({ ...common, id: details.id, status: details.answer?.status }));
    }
  }

  /** @param {string} what @param {any} details */
  #move(what, { sessionId, why, from, to, number }) {
    const fields = Object.entries({ why, from, to, number }).filter(
      ([, value]) => value !== undefined && value !== "",
    );
    const text = fields.map(([name, value]) => `${name}=${value}`).join(" ");
    this.#log("info", `cluster: ${what} ${text}`, { sessionId });
  }
}
