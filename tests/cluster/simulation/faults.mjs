/** Faults of a schedule, and what users and apps do meanwhile. */

/** Time with faults, ms. */
export const FAULTS = 40_000;
/** Time in which a session that kills its processes is counted, ms. */
const POISONED = 60_000;

/** Faults, each with its weight. */
const EVENTS = [
  [4, (world) => world.pick(world.alive())?.pause(world.between(500, 25_000), pauseOf(world))],
  [3, (world) => world.pick(world.alive())?.partition(world.between(500, 25_000))],
  [3, (world) => restart(world, world.between(200, 8000), 0)],
  [2, (world) => restart(world, world.between(200, 8000), world.between(45_000, 120_000))],
  [3, (world) => roll(world)],
  [3, (world) => storeAway(world)],
  [2, (world) => world.store.setClock(world.between(-10_000, 10_000))],
  [2, (world) => jump(world)],
  [6, (world) => world.cloud.cut(world.pick(world.users))],
  [6, (world) => world.cloud.start(world.pick(world.users))],
  [5, (world) => stopAndStart(world)],
  [2, (world) => lossy(world)],
  [1, (world) => deaf(world)],
  [2, (world) => world.pick(world.alive())?.interrupt(world.between(1, 4000))],
  [4, (world) => world.calls.photo()],
  [4, (world) => world.calls.tool()],
  [1, (world) => poison(world)],
  [3, (world) => world.cloud.forget(world.pick(world.users))],
  [2, (world) => appEnds(world)],
  [1, (world) => allAnew(world)],
  [1, (world) => crashLoop(world)],
  [1, (world) => evict(world)],
];
const WEIGHT = EVENTS.reduce((sum, [weight]) => sum + weight, 0);

function pauseOf(world) {
  return { vm: world.chance(0.3), timersFirst: world.chance(0.5) };
}

/** Kills a process and starts another one under its name. */
function restart(world, after, linger) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  process.kill(linger);
  world.time.after(after, () => world.spawn(process.name));
}

/** Replaces a process, with or without another one beforehand. */
function roll(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  if (world.chance(0.7)) world.spawn(process.name);
  else world.time.after(world.between(200, 4000), () => world.spawn(process.name));
  world.time.after(world.between(0, 3000), () => process.leave());
}

function storeAway(world) {
  if (world.store.isAway) return;
  const how = world.pick(["as it was", "as it was", "old", "empty"]);
  if (how !== "as it was") world.wasEmptied = true;
  // Another server may take the place of one that failed before anybody has noticed it.
  const away = world.chance(0.3) ? world.between(1, 300) : world.between(500, 20_000);
  const keeps = world.chance(0.5);
  const goAway = () => {
    if (world.store.isAway) return;
    world.store.goAway(keeps);
    world.time.after(away, () => world.store.comeBack(how));
  };
  if (how !== "old") return goAway();
  // The one that takes its place has not the writes of the last seconds.
  world.store.snapshot();
  world.time.after(world.between(500, 4000), goAway);
}

function jump(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  process.skew += world.between(-10_000, 10_000);
  // It cannot tell a jump from a pause, so it observes the others anew.
  process.disturbedUntil = world.time.now;
  process.jumpedAt = world.time.now;
}

function stopAndStart(world) {
  const user = world.pick(world.users);
  world.cloud.stop(user, () => world.time.after(world.between(0, 300), () => world.cloud.start(user)));
}

/** A user stops the app for good, or for some time, while its process may not hear of the end of its connection. */
export function stopForLong(world) {
  const { cloud, time, between } = world;
  const user = world.pick(world.users);
  disturb(world, user);
  // The cloud itself would ask again after 5 s.
  time.after(between(0, 4500), () => {
    cloud.stop(user);
    if (world.chance(0.5)) time.after(between(3000, 20_000), () => cloud.start(user));
  });
}

/** Keeps the process of a session from hearing the cloud, or takes its sessions away from it. */
function disturb(world, user) {
  const { time, between } = world;
  const owner = world.alive().find(({ state }) => state.holds.has(user));
  const what = world.random();
  if (what < 0.4) world.cloud.forget(user);
  else if (owner !== undefined && what < 0.8) {
    if (what < 0.6) owner.kill(between(45_000, 120_000));
    else if (what < 0.7) owner.leave();
    else owner.partition(between(500, 10_000));
    if (what < 0.7) time.after(between(200, 8000), () => world.spawn(owner.name));
  }
}

function lossy(world) {
  world.wasLossy = true;
  world.store.loss = 0.02;
  world.store.late = 0.02;
  world.store.twice = 0.02;
}

/** A session that kills each process that has it, for a while. */
function poison(world) {
  const user = world.pick(world.users);
  world.poison = user;
  world.time.after(FAULTS / 2, () => (world.poison = undefined));
  world.time.after(POISONED, () => world.witness.poisoned(user));
}

function deaf(world) {
  const process = world.pick(world.alive());
  if (process === undefined) return;
  world.wasDeaf = true;
  process.isDeaf = true;
  world.time.after(world.between(2000, 20_000), () => {
    process.isDeaf = false;
    process.disturbedUntil = world.time.now;
    process.hears();
  });
}

/** An app ends its session. */
function appEnds(world) {
  const user = world.cloud.user(world.pick(world.users));
  user.attached?.process.endSession(user);
}

/** All processes leave or die before others start, at once or after so long that the sessions are given up. */
function allAnew(world) {
  const isLeaving = world.chance(0.5);
  const linger = world.chance(0.5) ? 0 : world.between(45_000, 120_000);
  const pause = world.chance(0.3) ? world.between(60_000, 80_000) : world.between(200, 8000);
  world.allLeftAt = world.time.now;
  for (const process of world.alive()) {
    if (isLeaving) process.leave();
    else process.kill(linger);
    world.time.after(pause + world.between(0, 2000), () => world.spawn(process.name));
  }
}

/** A process dies again and again, soon after its start. */
function crashLoop(world) {
  let process = world.pick(world.alive());
  if (process === undefined) return;
  let left = 3 + Math.floor(world.random() * 4);
  const next = () => {
    process.kill();
    world.time.after(world.between(100, 1500), () => {
      process = world.spawn(process.name);
      if (--left > 0) world.time.after(world.between(200, 3000), next);
    });
  };
  next();
}

/** The store has no room for a record. */
function evict(world) {
  world.wasEmptied = true;
  world.store.evict(world.pick(world.users));
}

export function fault(world) {
  let left = world.random() * WEIGHT;
  for (const [weight, run] of EVENTS) {
    left -= weight;
    if (left < 0) return run(world);
  }
}
