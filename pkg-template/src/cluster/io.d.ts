/** Inputs and outputs of the core. */
import type { CloseKind } from "../../types/index.js";
import type { ClusterStore } from "../../types/cluster.js";
import type { Answer } from "../server/http-error.js";
import type { CallName } from "./messages.js";

/** Request of the cloud for a session. */
export interface StartRequest {
  sessionId: string;
  userId: string;
  /** `""` if the request names none. */
  url: string;
  /** Time by the cloud's clock, ms. */
  at?: number | undefined;
  /** `traceparent` of the request. */
  trace?: string | undefined;
  /** It was served before, and its session has ended since. */
  isAgain?: true;
  /** It may have come long before it was read: the process stood still. */
  isDelayed?: true;
  /** A process that leaves has passed it on. */
  isForwarded?: true;
}

export interface StopRequest {
  sessionId: string;
  userId?: string | undefined;
  reason: string;
  /** Time by the cloud's clock, ms. */
  at?: number | undefined;
}

/** A request, each with an id that its answer has as well. */
export type RequestInput =
  | { type: "start"; id: string; request: StartRequest }
  | { type: "stop"; id: string; request: StopRequest }
  /** A call for a session that this process does not have. */
  | { type: "forward"; id: string; what: CallName; sessionId: string; body: unknown }
  /** A photo for which another process waits; without `bytes` the glasses could not take it. */
  | {
      type: "photo";
      id: string;
      owner: string;
      photo: { requestId: string };
      bytes?: Uint8Array | undefined;
    };

/** What became of a session that the core has begun. */
export type SessionInput =
  | { type: "connected"; hold: number; sessionId: string }
  /** It has ended by itself. Its `onStop` may still run. */
  | { type: "ended"; hold: number; sessionId: string }
  /** Its socket is closed, and its `onStop` has returned. */
  | { type: "over"; hold: number; wasOpen: boolean }
  /** It has ended for a hand-over; `previous` is what `onStop` returned. */
  | { type: "handedOver"; hold: number; sessionId: string; previous: unknown };

export type Input =
  | { type: "open" }
  | { type: "timer" }
  /** A frame waits since the process stood still. */
  | { type: "wake" }
  /** Messages arrive again after some may have been lost. */
  | { type: "resumed" }
  | { type: "leave" }
  /** Answer of a command, without a result if it failed. */
  | { type: "answer"; id: number; result: { value: any } | undefined }
  /** Message of another process, as it was sent. */
  | { type: "message"; message: unknown }
  /** Answer to an output with `reply`. */
  | { type: "result"; id: string; answer: Answer | undefined }
  | RequestInput
  | SessionInput;

/** Methods of a store that are commands. */
export type CommandName = Exclude<keyof ClusterStore, "subscribe" | "isDeaf" | "close">;
/** A command with the arguments of its method. */
export type Command<Name extends CommandName = CommandName> = {
  [Each in Name]: { name: Each; args: Parameters<ClusterStore[Each]> };
}[Name];

/** Names of what is counted. */
export type CountName =
  "takeovers" | "handovers" | "lost" | "won" | "quarantined" | "asks" | "unsure" | "storeLosses" | "alone";

/** Details of what is counted, as in `ClusterEventMessage`. */
export interface CountDetails {
  sessionId?: string;
  why?: string;
  outcome?: string;
  from?: string | undefined;
  to?: string;
  number?: number;
}

/** What a session of this process is to do. `reply` has the id of the request that waits for the result. */
type SessionOutput =
  | {
      type: "begin";
      hold: number;
      sessionId: string;
      number: number;
      userId: string;
      url: string;
      at: number | undefined;
      reply: string | undefined;
      previous: unknown;
    }
  /** A request for a session that is here. */
  | {
      type: "serve";
      hold: number;
      sessionId: string;
      userId: string;
      url: string;
      at: number | undefined;
      reply: string;
    }
  | { type: "end"; hold: number; sessionId: string; number: number; reason: string; kind: CloseKind }
  | { type: "redial"; hold: number; sessionId: string }
  | { type: "handOver"; hold: number; sessionId: string };

/** What is told of the process. */
type ToldOutput =
  /** The store has not answered a beat, or answers again. */
  | { type: "alone"; isAlone: boolean }
  /** A session is kept back for `wait` ms, as its processes died. */
  | { type: "quarantine"; sessionId: string; userId: string; wait: number }
  /** A process with another version of the records. */
  | { type: "version"; name: string; version: unknown; known: number }
  | ({ type: "count"; name: CountName } & CountDetails)
  /** A start that another process has passed on, and its answer, for traces. */
  | { type: "asked"; id: string; from: string; sessionId: string; trace: string | undefined }
  | { type: "replied"; id: string; answer: Answer | undefined };

export type Output =
  | ({ type: "command"; id: number } & Command)
  /** Answer to a request; without one this process does what was to be forwarded. */
  | { type: "answer"; id: string; answer: Answer | undefined }
  /** A call that another process has passed on. */
  | {
      type: "local";
      reply: string;
      what: CallName | "photo";
      sessionId?: string;
      body: unknown;
      bytes?: Uint8Array | undefined;
    }
  /** Dials for a session that is about to arrive. */
  | { type: "warm"; url: string }
  | { type: "gate"; isOpen: false }
  | { type: "gate"; isOpen: true; closedFor: number }
  | { type: "left" }
  | SessionOutput
  | ToldOutput;

/** Outputs of one type. */
export type OutputOf<Type extends Output["type"]> = Extract<Output, { type: Type }>;

/** Each type of a union without some of its fields. */
type Without<Each, Field extends PropertyKey> = Each extends unknown ? Omit<Each, Field> : never;
/** Fields of the outputs of one type, if they have any. */
export type OutputFields<Type extends Output["type"]> =
  Record<never, never> extends Without<OutputOf<Type>, "type"> ? [] : [Without<OutputOf<Type>, "type">];
/** A request before it has an id. */
export type NewRequest = Without<RequestInput, "id">;
