/**
 * CPU of one client under load, user and system, this process alone.
 *
 *     node load.mjs MODULE URL receive|send AUDIO_BYTES WARM_UP MESSAGES
 */
import { load } from "../load.mjs";

const [module, url, work, audio, warmUp, messages] = process.argv.slice(2);
const { connect } = await import(module);
const client = await load(connect, url, Number(audio));
await client[work](Number(warmUp));
const before = process.cpuUsage();
await client[work](Number(messages));
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ microseconds: (user + system) / Number(messages) }));
// The profiler, where it is on, writes when the process ends by itself or by this.
process.exit();
