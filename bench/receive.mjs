/**
 * What it costs to receive a text frame in Node, beside the floor.
 *
 *     node bench/receive.mjs [ROUNDS] [FRAMES]
 *
 * Every round runs each client once, in a process of its own, against one server in this
 * process; only the client's CPU counts. Machines are noisy: trust the ratio to the floor of
 * the same round, not the microseconds. Writes bench/results/receive.{json,md}.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

import { WebSocketServer } from "ws";

const ROUNDS = Number(process.argv[2] ?? 11);
const FRAMES = Number(process.argv[3] ?? 200_000);
const WARM_UP = 20_000;
const CLIENTS = ["floor", "tpa-session"];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A transcription as the cloud sends it: 342 bytes. */
function frame() {
  const fields = {
    type: "data_stream",
    streamType: "transcription",
    sessionId: "user-org.example.bench",
    data: {
      type: "transcription",
      text: "the quick brown fox ",
      isFinal: false,
      transcribeLanguage: "en-US",
      startTime: 1000,
      endTime: 2000,
      speakerId: "1",
      duration: 1000,
    },
    timestamp: "2026-01-01T00:00:00.000Z",
  };
  fields.data.text += "x".repeat(342 - JSON.stringify(fields).length);
  return JSON.stringify(fields);
}

/** Acknowledges a client, and floods it when it says go, as fast as it takes the frames. */
function serve(socket) {
  const text = Buffer.from(frame());
  let left = 0;
  const flood = () => {
    while (left > 0 && socket.bufferedAmount < 256 * 1024) {
      left -= 1;
      socket.send(text, { binary: false });
    }
    if (left > 0) setImmediate(flood);
  };
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "tpa_connection_init") {
      socket.send(JSON.stringify({ type: "tpa_connection_ack", settings: [] }));
    } else if (message.type === "go") {
      left = message.frames;
      flood();
    }
  });
}

async function measure(client, url) {
  const args = [here("client.mjs"), here(`clients/${client}.mjs`), url, WARM_UP, FRAMES];
  const child = spawn(process.execPath, args.map(String), { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${client} ended with ${code}`);
  return JSON.parse(output).microseconds;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("connection", serve);
await new Promise((resolve) => server.on("listening", resolve));
const url = `ws://127.0.0.1:${server.address().port}/`;

const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  const costs = {};
  // Each round begins with another client, so that none always has the warmer machine.
  for (let i = 0; i < CLIENTS.length; i++) {
    const client = CLIENTS[(round + i) % CLIENTS.length];
    costs[client] = await measure(client, url);
  }
  rounds.push(costs);
  process.stderr.write(`round ${round + 1} of ${ROUNDS}\r`);
}
server.close();

const rows = CLIENTS.map((client) => {
  const ratios = rounds.map((round) => round[client] / round.floor);
  return {
    client,
    microseconds: median(rounds.map((round) => round[client])),
    ratio: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
  };
});
const { version } = JSON.parse(readFileSync(here("../node_modules/ws/package.json"), "utf8"));
const machine = `${cpus().length} × ${cpus()[0].model}, Node ${process.version}, ws ${version}`;
const table = [
  `Receiving ${FRAMES} text frames of ${frame().length} bytes in Node; CPU of the client alone.`,
  `${ROUNDS} interleaved rounds on ${machine}.`,
  "",
  "| client | µs a frame, median | ratio to the floor, median (min–max) |",
  "|---|---|---|",
  ...rows.map(
    ({ client, microseconds, ratio, min, max }) =>
      `| ${client} | ${microseconds.toFixed(2)} | ${ratio.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)}) |`,
  ),
  "",
].join("\n");
mkdirSync(here("results"), { recursive: true });
writeFileSync(here("results/receive.md"), table);
writeFileSync(here("results/receive.json"), `${JSON.stringify({ machine, frames: FRAMES, rows, rounds })}\n`);
console.log(table);
