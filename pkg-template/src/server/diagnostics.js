/**
 * Channels of `node:diagnostics_channel`, where the runtime has it. Publishing to one without a subscriber
 * costs less than a call.
 *
 * @import { RequestMessage, SessionMessage } from "tpa-session/telemetry"
 *
 * @typedef {object} Diagnostics
 * @property {(name: string) => import("node:diagnostics_channel").Channel} channel
 */

/** @type {Diagnostics | undefined} */
const diagnostics = globalThis.process?.getBuiltinModule?.("diagnostics_channel");

/**
 * @template Message
 * @param {string} name
 */
function channel(name) {
  const found = diagnostics?.channel(name);
  return {
    /** @param {() => Message} message called if there is a subscriber */
    publish(message) {
      if (found?.hasSubscribers === true) found.publish(message());
    },
  };
}

/** A session that the server has created. @type {{ publish: (message: () => SessionMessage) => void }} */
export const sessionCreated = channel("tpa-session:session:created");
/** A session that has ended. @type {{ publish: (message: () => SessionMessage) => void }} */
export const sessionEnded = channel("tpa-session:session:ended");
/** A request that was answered. @type {{ publish: (message: () => RequestMessage) => void }} */
export const requestAnswered = channel("tpa-session:request:answered");
