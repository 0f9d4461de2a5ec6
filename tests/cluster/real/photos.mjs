/**
 * Large pictures that reach another process than the one whose session waits for them.
 *
 * @import { Deployment } from "./deployment.mjs"
 * @import { Run } from "./matrix.mjs"
 */
import { Problems, largest, spread } from "./figures.mjs";
import { checkAfterwards, counted, populate } from "./losses.mjs";

/** Pictures one after the other. */
const IN_TURN = 10;
/** Time for one of them, ms: an upload has 10 s. */
const MOST_MS = 2000;
/** Most pictures that a process reads at once, by default, and the size of a picture, MiB. */
const UPLOADS = 4;
const PICTURE_MIB = 10;
/** Responses to a picture: taken, and refused because enough others are being uploaded. */
const [TAKEN, REFUSED] = [200, 429];

/** Asks the session of a user for a picture. @param {Deployment} deployment @param {string} user */
async function takePicture({ processes, witness }, user) {
  const process = processes.find(({ address }) => address === witness.users.get(user)?.host);
  const start = performance.now();
  const answer = await process?.ask("photo", { user });
  return { ...answer, ms: performance.now() - start };
}

/** Largest memory of each process so far, bytes. @param {Deployment} deployment */
const peaksOf = ({ processes }) =>
  Promise.all(processes.map(async (process) => Number((await process.ask("usage")).peak)));

/**
 * What holds for pictures that were sent at once: each is taken or refused, each that was taken arrives as it
 * was sent, and no other.
 *
 * @param {{ requestId?: string, digest?: string }[]} pictures
 * @param {Record<string, { digest: string, status: number | string }>} sent by request
 * @param {Problems} problems
 */
function checkPictures(pictures, sent, problems) {
  const arrived = new Map(pictures.map(({ requestId, digest }) => [requestId, digest]));
  arrived.delete(undefined);
  const answers = Object.entries(sent);
  const taken = answers.filter(([, { status }]) => status === TAKEN);
  const refused = answers.filter(([, { status }]) => status === REFUSED);
  const others = answers.filter(([, { status }]) => status !== TAKEN && status !== REFUSED);
  problems.equal("requests with a response", answers.length, pictures.length);
  problems.equal("other statuses", others.map(([, { status }]) => status).join(), "");
  problems.equal("pictures that arrived", arrived.size, taken.length);
  const lost = taken.filter(([id, { digest }]) => arrived.get(id) !== digest);
  problems.equal("pictures that were taken and did not arrive as they were sent", lost.length, 0);
  return { arrived: arrived.size, refused: refused.length };
}

/** Some pictures in turn, then one of each user at once. @type {Run} */
export async function photosMisrouted(deployment, { users: count, bound }) {
  const users = await populate(deployment, count);
  const { balancer } = deployment;
  await balancer.use("picturesMisrouted");
  deployment.mark();
  const problems = new Problems();
  const inTurn = [];
  for (const user of users.slice(0, IN_TURN)) inTurn.push(await takePicture(deployment, user));
  const { refused } = checkPictures(inTurn, await balancer.result(), problems);
  problems.equal("pictures in turn that were refused", refused, 0);
  const took = spread(inTurn.map(({ ms }) => ms));
  problems.atMost("a picture took, ms", took.max, bound(MOST_MS));
  // Its result begins again.
  await balancer.use("picturesMisrouted");
  const before = await peaksOf(deployment);
  const pictures = await Promise.all(users.map((user) => takePicture(deployment, user)));
  const atOnce = checkPictures(pictures, await balancer.result(), problems);
  problems.check(atOnce.arrived > 0, "of the pictures at once none arrived");
  problems.check(atOnce.refused > 0, "of the pictures at once none was refused");
  const grown = (await peaksOf(deployment)).map((peak, i) => (peak - (before[i] ?? 0)) / 2 ** 20);
  const memory = Math.round(largest(grown));
  // Each that it reads, and each that its own sessions get from the others, is there twice for a moment.
  const most = UPLOADS + Math.ceil(count / deployment.processes.length);
  problems.atMost("MiB that a process grew by", memory, 2 * most * PICTURE_MIB);
  // None was thrown out of Redis by them.
  await checkAfterwards(deployment, problems, { moved: [] });
  const errors = new Set(pictures.map(({ error }) => error).filter((error) => error !== undefined));
  const figures = { inTurn: took, atOnce, grownMiB: memory, errors: [...errors].join("; ") };
  return { figures: { ...figures, ...counted(deployment) }, problems: problems.list };
}
