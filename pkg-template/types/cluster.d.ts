/** Record of a session in a store. */
export interface ClusterRecord {
  /** Instance that has the session, `""` for a session that was stopped. */
  owner: string;
  /** Number of the owner's claim; of two owners the one with the higher number is right. */
  number: number;
  userId: string;
  /** URL that the session connects to, without user-info and query; `""` if the requests name none. */
  url: string;
  /** Owners that died with this session, each within 10 minutes of the one before. */
  crashes: number;
  /** Time of the last of `crashes` in the store's clock, ms; 0 without any. */
  crashedAt: number;
  /** Time of the request that started or stopped the session, by the cloud's clock, ms; 0 if it told none. */
  startedAt: number;
}

/** Fields of a record that its writer chooses. */
export type ClusterFields = Omit<ClusterRecord, "owner" | "number">;

/** Compare-and-set of one record. */
export interface ClusterPut {
  sessionId: string;
  /**
   * Condition: the record has exactly this owner and number. An absent record has the owner `""` and
   * the number 0. `"lower"` matches every record with a number below `number`, an absent one included.
   */
  expected: { owner: string; number: number } | "lower";
  /** New owner; `""` marks the session as stopped, `null` removes the record. */
  owner: string | null;
  /**
   * Number of the new record with `"lower"`. Otherwise the store numbers it: with the larger of the
   * old number + 1 and its own clock in µs since 1970.
   */
  number: number;
  /** Fields of the new record. Ignored if it is removed. */
  fields: ClusterFields;
  /** Time after which the store forgets the record, ms. */
  ttl: number;
}

export interface ClusterPutResult {
  /** True if the condition was met and the record was written or removed. */
  done: boolean;
  /** The record as it is now, `undefined` if there is none. */
  record: ClusterRecord | undefined;
}

/** A session that the instance holds, as it is checked against the store. */
export interface ClusterHeld {
  sessionId: string;
  number: number;
  fields: ClusterFields;
}

/** How sessions are compared with their records. */
export interface ClusterCheckOptions {
  /** Right numbers are enough, also in an index: records that have them are not renewed. */
  quick?: boolean;
}

/** A session for which the store and the instance differed. */
export interface ClusterDifference {
  sessionId: string;
  /**
   * `"lost"`: the record has a higher number, or the same one and another owner. `"stopped"`: it has a lower
   * number and no owner, and a later `startedAt` than the session, which is not 0. `"won"`: it had a lower number
   * and another owner, and was replaced.
   */
  outcome: "lost" | "stopped" | "won";
  /** Owner in the record, before it was replaced. */
  owner: string;
  /** Number in the record, before it was replaced. */
  number: number;
}

/** Entry of an instance in the list of members. */
export interface ClusterMember {
  instance: string;
  /** Time of its last beat in the store's clock, ms. */
  at: number;
  /** Text of its last beat. */
  state: string;
}

/**
 * Store that the processes of a cluster share. Each method is one atomic step in the store. A promise
 * that rejects, that takes longer than 1 s, or that resolves with a value of another type, leaves open if
 * the step was or will be carried out: the cluster settles it later. No method is repeated by the store
 * itself, nor queued while the store cannot be reached: it rejects instead. No method throws before it
 * returns its promise.
 */
export interface ClusterStore {
  /**
   * Writes the entry of this instance and returns all entries, with the store's clock in ms. An empty
   * `state` removes the entry, and the index that `owned` reads, of any instance. `previous` is the state
   * in the entry before, `undefined` if there was none: an instance notices by it that the store has lost
   * writes.
   */
  beat(
    instance: string,
    state: string,
  ): Promise<{ now: number; previous: string | undefined; members: ClusterMember[] }>;
  /** Returns a record, `undefined` if there is none. */
  read(sessionId: string): Promise<ClusterRecord | undefined>;
  /**
   * Returns ids of sessions that an instance owned when the records were written. It is an index only:
   * entries may be outdated, and the record decides.
   */
  owned(instance: string): Promise<string[]>;
  /** Replaces a record if it is as expected. */
  put(put: ClusterPut): Promise<ClusterPutResult>;
  /**
   * Compares sessions that the instance holds with their records: at most 500. A record that is absent,
   * or has a lower number and is no later stop, is written with `ttl`; that of the instance itself has
   * its `ttl` renewed. The rest is returned. Several sessions need not be one atomic step.
   *
   * With `quick` a record with the right number is not looked at further, and its `ttl` goes on. An index will do
   * that changes in one step with the records. Of 20 checks one is not quick.
   */
  check(
    instance: string,
    sessions: readonly ClusterHeld[],
    ttl: number,
    options?: ClusterCheckOptions,
  ): Promise<ClusterDifference[]>;
  /**
   * Sends a message, at most 64 KiB of text, to an instance or to all (`"*"`, the sender included).
   * Resolves with the number of receivers, or `undefined` if the store cannot tell. Messages may be lost.
   */
  publish(to: string, message: string): Promise<number | undefined>;
  /**
   * Receives messages to this instance and to all, from now on and after each loss of the connection.
   *
   * @param resumed to be called each time that messages arrive again after some may have been lost, once none
   *   is lost any more. The instance then checks all its sessions. Without it, it notices 15 s later that a
   *   session has moved or was stopped meanwhile.
   */
  subscribe(instance: string, listener: (message: string) => void, resumed: () => void): Promise<void>;
  /** True while messages do not arrive. The process is then not ready. Absent in a store that cannot tell. */
  readonly isDeaf?: boolean | undefined;
  /** Keeps a picture for `ttl` ms. */
  putBlob(id: string, bytes: Uint8Array, ttl: number): Promise<void>;
  /** Returns and removes a picture, `undefined` if there is none. */
  takeBlob(id: string): Promise<Uint8Array | undefined>;
  /** Closes the connections that the store has opened itself. */
  close(): Promise<void>;
}

/** Process for which a store is opened. */
export interface ClusterOpening {
  packageName: string;
  /** Name of the process, followed by `.` and random characters: it is new at each start. */
  instance: string;
  /** Writes a warning into the server's log. */
  warn: (text: string) => void;
}

export interface ClusterOptions {
  /** Name of this process for people, such as that of its host. Default: the process id. */
  name?: string | undefined;
  /**
   * Time without a beat after which the others take the sessions of a process, ms: at least three
   * intervals between beats and 1 s, which is 7000, and at most 50,000. Default 10,000.
   */
  lease?: number | undefined;
  /**
   * Ends the sessions of a process that has not reached the store for the length of its lease. Default
   * `false`: they go on, and the cloud decides which connection it hears.
   */
  strict?: boolean | undefined;
  /**
   * What becomes of a photo that arrives at another process than the one that asked for it. `"store"`, the
   * default: the picture goes through the store, which keeps it until it is taken, for at most 30 s.
   * `"here"`: it is refused, so that no picture leaves a process; the balancer must find the right one.
   */
  photos?: "store" | "here" | undefined;
}

/** Cluster for the option `cluster` of `createTpaServer()`. */
export interface Cluster {
  /** Settings of this cluster. */
  readonly options: Readonly<ClusterOptions>;
}

/**
 * Creates a cluster on a store of your own.
 *
 * @throws {TypeError} for an invalid option, with its name, its value and the allowed values.
 */
export function createCluster(
  options: ClusterOptions & {
    /** Opens the store for this process. Called once, by `createTpaServer()`. */
    open: (opening: ClusterOpening) => ClusterStore;
  },
): Cluster;

/** Records and messages in memory, for servers that share this object: in tests, or in one process. */
export class MemoryStore {
  /** Opens the store, for `createCluster({ open: (opening) => memory.open(opening) })`. */
  open(opening: ClusterOpening): ClusterStore;
}

/** The methods of a client of `redis` or `ioredis` that are used, for projects without its types. */
export interface RedisClient {
  duplicate(...options: any[]): any;
  eval(...command: any[]): any;
  publish(...command: any[]): any;
  subscribe(...command: any[]): any;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface RedisClusterOptions extends ClusterOptions {
  /**
   * Client of `redis` (5 or 6) or `ioredis` (5 or 6) that the app has: of one server, of Sentinel or of
   * Redis Cluster. Two connections of its own are made by `client.duplicate()`, and one more for pictures. The
   * client of `redis` 5 for Sentinel has no such method: pass a function that makes one,
   * `() => createSentinel(options)`.
   */
  client: RedisClient | (() => Omit<RedisClient, "duplicate">);
  /**
   * Part of the names of all keys and channels, which otherwise contain only the name of the package. Set
   * it where two environments share a server, so that they do not start each other's sessions.
   */
  prefix?: string | undefined;
}

/**
 * Creates a cluster on Redis 6.2 or newer, or on Valkey.
 *
 * @throws {TypeError} for an invalid option, with its name, its value and the allowed values.
 */
export function redisCluster(options: RedisClusterOptions): Cluster;

/** The parts of the module `node:cluster` that are used, for projects without its types. */
export interface NodeClusterModule {
  readonly isPrimary: boolean;
  on(event: string, listener: (...args: any[]) => void): unknown;
  off(event: string, listener: (...args: any[]) => void): unknown;
}

/**
 * Keeps the store of all workers of `node:cluster` in the primary. Call it once, before the first fork.
 *
 * @param cluster the module `node:cluster`, its default export.
 * @returns a function that ends it.
 * @throws {TypeError} outside of the primary.
 */
export function serveWorkers(cluster: NodeClusterModule): () => void;

/**
 * Creates a cluster of the workers of `node:cluster`: several processes on one machine, without a database.
 * The store is in the primary, and empty again after its restart.
 *
 * @throws {TypeError} for an invalid option, with its name, its value and the allowed values, and outside of
 *   a worker.
 */
export function nodeCluster(options?: ClusterOptions): Cluster;
