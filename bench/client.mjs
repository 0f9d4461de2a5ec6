/**
 * One client in a process of its own: receives frames and prints what a frame cost.
 *
 *     node bench/client.mjs MODULE URL WARM_UP FRAMES
 *
 * Prints JSON: microseconds of CPU (user and system, this process alone) per frame.
 */
const [module, url, warmUp, frames] = process.argv.slice(2);
const { connect } = await import(module);

const total = Number(warmUp) + Number(frames);
let received = 0;
let before;
let done;
const finished = new Promise((resolve) => (done = resolve));

const client = await connect(url, {
  stream: "transcription",
  onData: (data) => {
    if (typeof data.text !== "string") throw new Error("not the data that was sent");
    received += 1;
    if (received === Number(warmUp)) before = process.cpuUsage();
    if (received === total) done(process.cpuUsage(before));
  },
});
client.send({ type: "go", frames: total });
const { user, system } = await finished;
client.close();
console.log(JSON.stringify({ microseconds: (user + system) / Number(frames) }));
