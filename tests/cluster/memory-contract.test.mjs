/** The contract of stores, for the one in memory. */
import { MemoryStore } from "../../pkg-template/src/cluster/memory-store.js";
import { testStore } from "./store-contract.mjs";

const memory = new MemoryStore();
testStore("in memory", (opening) => memory.open(opening));
