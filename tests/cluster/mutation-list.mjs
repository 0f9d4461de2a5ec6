/**
 * Rules of the core, each with the change that removes it, and the test that fails then: the simulation, or
 * `test`.
 */
export const MUTATIONS = [
  {
    rule: "a silent owner loses the session",
    file: "start.js",
    from: "if (result.silent) return result.isGone",
    to: 'if (result.silent) return "answered"; else if (false) return result.isGone',
  },
  {
    rule: "a displaced owner ends the session",
    file: "core.js",
    from: 'return kind === "stop" ? end(state, hold, told.reason) : lose(state, hold, told.to);',
    to: "return;",
  },
  {
    rule: "a check ends what was lost",
    file: "holds.js",
    from: "else lose(state, hold, owner);",
    to: "else return;",
  },
  {
    rule: "the winner of a check tells the loser",
    file: "holds.js",
    from: 'if (owner !== "") {',
    to: "if (false) {",
  },
  {
    rule: "an observation with a gap begins again",
    file: "members.js",
    from: "old.count !== n || hasGap;",
    to: "old.count !== n;",
  },
  {
    rule: "the sessions of a dead process are taken over",
    file: "members.js",
    from: "if (isDead(state, peer) && !state.takingOver.has(name))",
    to: "if (false)",
  },
  {
    rule: "the answer to a stop waits for onStop",
    file: "start.js",
    from: "  yield* waitUntilOver(state, sessionId, STOP);",
    to: "",
  },
  {
    rule: "a stop is passed on to the owner",
    file: "start.js",
    from: "const asked = yield* ask(state, owner, message, STOP);",
    to: "const asked = {};",
  },
  {
    rule: "a session is served while the store is away",
    file: "start.js",
    from: "if (read === undefined) return serveAlone(state, id, request);",
    to: "if (read === undefined) return undefined;",
  },
  {
    rule: "a process that leaves hands its sessions over",
    file: "members.js",
    from: "yield* giveAway(state, hold);",
    to: "state.holds.delete(hold.sessionId);",
  },
  {
    rule: "the gate is shut after a pause",
    file: "core.js",
    from: "return !stoodStill || ",
    to: "return true || ",
  },
  {
    rule: "commands without an answer are settled",
    file: "members.js",
    from: "if (state.isUnsettled && !state.isSettling) spawn(state, settle(state));",
    to: "",
  },
  {
    rule: "a store that has lost a beat is checked",
    file: "members.js",
    from: "if (hasLostWrites(state, answer.value.previous)) {",
    to: "if (false) {",
  },
  {
    rule: "claims are checked once after the next beat",
    file: "members.js",
    from: "else if (state.unconfirmed.size > 0) spawn(state, confirm(state, sentAt));",
    to: "",
    test: "regressions.test.mjs",
  },
  {
    rule: "an answer that arrives after its time has no effect",
    file: "tasks.js",
    from: "waiting !== undefined && this.now <= waiting.deadline && this.wall <= waiting.wallDeadline;",
    to: "true;",
    test: "rules.test.mjs",
  },
  {
    rule: "a request whose time is over is not decided",
    file: "start.js",
    from: "else if (elapsed(state, claim.since) > START)",
    to: "else if (false)",
    test: "rules.test.mjs",
  },
  {
    rule: "a process that stood still does not take the store for silent",
    file: "start.js",
    from: 'if (elapsed(state, askedAt) > STOOD_STILL) return "again";',
    to: "",
    test: "rules.test.mjs",
  },
  {
    rule: "nobody is dead while this process cannot ask",
    file: "state.js",
    from: "return !isInterrupted(state) && state.now.mono",
    to: "return state.now.mono",
    test: "rules.test.mjs",
  },
  {
    rule: "a start that was served alone outlives the mark of an earlier stop",
    file: "holds.js",
    from: 'else if (owner === "" && !hold.isSure) {',
    to: "else if (false) {",
    test: "rules.test.mjs",
  },
  {
    rule: "the answer to a stop waits for the onStop of a session that ended by itself",
    file: "core.js",
    from: "state.ending.set(holdId, { sessionId });",
    to: "",
    test: "rules.test.mjs",
  },
  {
    rule: "the process with a session says that it has received a call",
    file: "calls.js",
    from: 'spawn(state, tell(state, from, { kind: "got", id }));',
    to: "",
  },
];
