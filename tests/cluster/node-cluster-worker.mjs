/** Worker of `node:cluster` with a server of scripted sessions, which the primary commands by messages. */
import { openStore } from "../../pkg-template/src/cluster/node-cluster.js";
import { server, start, stop } from "./scripted-servers.mjs";

const { member, told } = await server({ open: (opening) => openStore(process, opening) });
member.handle("tool", ({ text }) => ({ status: 200, body: { reply: `${text} from ${process.pid}` } }));

const COMMANDS = {
  start: (userId) => member.start(start(userId)),
  stop: (userId) => member.stop(stop(userId)),
  tool: (userId) => member.forward("tool", userId, { text: "hello" }),
  told: () => told,
  peers: () => member.peers,
  leave: () => member.leave(2000),
};

process.on("message", async ({ command, id, argument }) => {
  if (command === undefined) return;
  process.send({ answerTo: id, value: (await COMMANDS[command](argument)) ?? null });
});
process.send({ isReady: true });
