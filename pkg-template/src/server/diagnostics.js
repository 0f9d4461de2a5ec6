/**
 * Channels of `node:diagnostics_channel`, where the runtime has it. Publishing to one without a subscriber
 * costs less than a call.
 *
 * @import { ClusterAskMessage, ClusterCommandMessage, ClusterEventMessage, ClusterMemberMessage, ClusterReplyMessage, RequestMessage, SessionMessage } from "tpa-session/telemetry"
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
/** A request whose body is not read yet. @type {{ publish: (message: () => RequestMessage) => void }} */
export const requestReceived = channel("tpa-session:request:received");
/** A request that was answered, with the same message. @type {{ publish: (message: () => RequestMessage) => void }} */
export const requestAnswered = channel("tpa-session:request:answered");
/** A server that becomes a member of a cluster. @type {{ publish: (message: () => ClusterMemberMessage) => void }} */
export const clusterJoined = channel("tpa-session:cluster:joined");
/** A server that has left its cluster, with the same message. @type {{ publish: (message: () => ClusterMemberMessage) => void }} */
export const clusterLeft = channel("tpa-session:cluster:left");
/** What happened to a session of a cluster. @type {{ publish: (message: () => ClusterEventMessage) => void }} */
export const clusterEvent = channel("tpa-session:cluster:event");
/** A command that the store has answered, or not. @type {{ publish: (message: () => ClusterCommandMessage) => void }} */
export const clusterCommand = channel("tpa-session:cluster:command");
/** A start that another process passed on. @type {{ publish: (message: () => ClusterAskMessage) => void }} */
export const clusterAsked = channel("tpa-session:cluster:asked");
/** The answer to it. @type {{ publish: (message: () => ClusterReplyMessage) => void }} */
export const clusterReplied = channel("tpa-session:cluster:replied");
