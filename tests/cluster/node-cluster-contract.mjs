/** Worker of `node:cluster` that tests the store in its primary: the contract of stores. */
import { after } from "node:test";

import { openStore } from "../../pkg-template/src/cluster/node-cluster.js";
import { testStore } from "./store-contract.mjs";

testStore("in the primary of node:cluster", (opening) => openStore(process, opening));
// The channel to the primary keeps a worker alive.
after(() => process.disconnect());
