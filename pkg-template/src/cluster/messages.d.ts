/** Messages between the processes of an app. They are JSON, with the version `v` of their format. */
import type { ClusterFields } from "../../types/cluster.js";
import type { Answer } from "../server/http-error.js";
import type { StartRequest } from "./io.js";

/** Calls for a session that any process may get. */
export type CallName = "settings" | "tool";

/** Details of a stop: `f` is the number in its record, 0 if it is not written yet. */
interface Stopped {
  sid: string;
  f: number;
  reason: string;
  at?: number | undefined;
}

/** With `any` to any process, from one that leaves; otherwise to the process with the session. */
interface StartQuestion {
  what: "start";
  sid: string;
  body: StartRequest;
  any?: true;
}

type StopQuestion = { what: "stop" } & Stopped;

type Call =
  | { what: CallName; sid: string; body: unknown }
  | { what: "photo"; sid: ""; body: { requestId: string; hasBytes: boolean } };

export type Question = StartQuestion | StopQuestion | Call;

/** `until` is when the process that asks loses patience, by the store's clock, ms. */
type Asked<Each> = Each & { kind: "ask"; id: string; from: string; until: number };
export type StartAsk = Asked<StartQuestion>;
export type StopAsk = Asked<StopQuestion>;
export type CallAsk = Asked<Call>;
export type Ask = StartAsk | StopAsk | CallAsk;

/** Answer to a question; with `none` the process has no answer, and the other one decides. */
export interface Result {
  kind: "res";
  id: string;
  answer?: Answer | true;
  none?: true;
}

/** A session that a leaving process hands over, with the number in its record. */
export interface Given {
  kind: "yours";
  sid: string;
  f: number;
  from: string;
  fields: ClusterFields;
  previous: unknown;
  /** A process that has left itself has passed it on. */
  isForwarded?: true;
}

/** The session belongs to the process `to`, by the number in its record. */
export interface Lost {
  kind: "lost";
  sid: string;
  f: number;
  to: string;
  at?: never;
}

export type StopMessage = { kind: "stop" } & Stopped;

export type Message =
  | Ask
  /** A question was received. */
  | { kind: "got"; id: string }
  | Result
  | Lost
  | StopMessage
  | Given
  /** The connection of a session that was given has opened. */
  | { kind: "took"; sid: string }
  /** The connection of a session that was lost is closed. */
  | { kind: "gone"; sid: string }
  /** A session will be given, whose URL is this. */
  | { kind: "warm"; sid: string; url: string }
  /** Nothing: the sender wants to know who listens. */
  | { kind: "there" };
