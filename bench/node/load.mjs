/**
 * CPU time (user and system) of one client under load.
 *
 *     node load.mjs MODULE URL receive|send AUDIO_BYTES WARM_UP MESSAGES
 */
import { load } from "../load.mjs";

const [module = "", url = "", work, audio, warmUp, messages] = process.argv.slice(2);
const { connect } = await import(module);
const client = await load(connect, url, Number(audio));
const run = work === "send" ? client.send : client.receive;
await run(Number(warmUp));
const before = process.cpuUsage();
await run(Number(messages));
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ microseconds: (user + system) / Number(messages) }));
// Also flushes the output of a profiler.
process.exit();
