/**
 * Store in memory.
 *
 * @import { ClusterOpening, ClusterStore } from "../../types/cluster.js"
 */
import { Records } from "./records.js";

export class MemoryStore {
  #records = new Records();
  /** @type {Map<string, (message: string) => void>} */
  #listeners = new Map();

  /** @param {ClusterOpening} opening @returns {ClusterStore} */
  open({ instance: self }) {
    const records = this.#records;
    const listeners = this.#listeners;
    return {
      beat: async (...args) => records.beat(Date.now(), ...args),
      read: async (...args) => records.read(Date.now(), ...args),
      owned: async (...args) => records.owned(Date.now(), ...args),
      put: async (...args) => records.put(Date.now(), ...args),
      check: async (...args) => records.check(Date.now(), ...args),
      putBlob: async (...args) => records.putBlob(Date.now(), ...args),
      takeBlob: async (...args) => records.takeBlob(Date.now(), ...args),
      async publish(to, message) {
        const receivers = to === "*" ? [...listeners.keys()] : [to].filter((each) => listeners.has(each));
        for (const each of receivers) queueMicrotask(() => listeners.get(each)?.(message));
        return receivers.length;
      },
      async subscribe(instance, listener) {
        listeners.set(instance, listener);
      },
      async close() {
        listeners.delete(self);
      },
    };
  }
}
