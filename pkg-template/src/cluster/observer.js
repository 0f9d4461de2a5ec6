/**
 * What a process of a cluster tells of itself: messages on channels of `node:diagnostics_channel`, and a log
 * line for each move of a session.
 *
 * @import { ClusterMemberMessage } from "tpa-session/telemetry"
 * @import { CountDetails, Output } from "./io.js"
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
import { isDead, livingPeers } from "./state.js";

/** Events that are moves of a session, as log lines name them. @type {Readonly<Record<string, string>>} */
const MOVES = {
  takeovers: "taken over",
  handovers: "handed over",
  lost: "lost",
  won: "won",
  quarantined: "quarantined",
};

/** Warning of the last process that leaves. */
const ALONE =
  "no other process takes the sessions of this one; they start again when the cloud asks for them";

export class Observer {
  #packageName;
  #instance;
  #log;
  #state;
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
    this.#state = state;
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

  /** @param {boolean} hadSessions */
  left(hadSessions) {
    clusterLeft.publish(() => this.#view);
    if (hadSessions && livingPeers(this.#state).length === 0) this.#log("warn", `cluster: ${ALONE}`);
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

  /** Tells what an output of the core says. @param {Output} output */
  observe(output) {
    const common = { packageName: this.#packageName, instance: this.#instance };
    if (output.type === "count") {
      const details = fieldsOf(output);
      clusterEvent.publish(() => ({ ...common, ...details }));
      const what = MOVES[details.name];
      if (what !== undefined) this.#move(what, details);
    } else if (output.type === "gate" && output.isOpen) {
      clusterEvent.publish(() => ({ ...common, name: "gate", duration: output.closedFor }));
    } else if (output.type === "asked") {
      const details = fieldsOf(output);
      clusterAsked.publish(() => ({ ...common, ...details }));
    } else if (output.type === "replied") {
      clusterReplied.publish(() => ({ ...common, id: output.id, status: output.answer?.status }));
    }
  }

  /** @param {string} what @param {CountDetails} details */
  #move(what, { sessionId, why, from, to, number }) {
    const fields = Object.entries({ why, from, to, number }).filter(
      ([, value]) => value !== undefined && value !== "",
    );
    const text = fields.map(([name, value]) => `${name}=${value}`).join(" ");
    this.#log("info", `cluster: ${what} ${text}`, { sessionId });
  }
}

/** An output without its type. @template {Output} Each @param {Each} output @returns {Omit<Each, "type">} */
function fieldsOf(output) {
  const fields = { ...output };
  Reflect.deleteProperty(fields, "type");
  return fields;
}
