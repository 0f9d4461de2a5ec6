/**
 * Fault scenarios that the cloud plays: named ones, and random ones generated from a seed. The panel
 * stays hidden when the cloud has none and responds with 404.
 */
import { byId, create, input, onClick, onSubmit, write } from "./dom.js";
import { minutes } from "./time.js";

export class ScenarioPanel {
  #cloud;
  #sessionId;
  /** @type {Map<string, { button: HTMLElement, durationMs: number }>} by name */
  #scenarios = new Map();
  /** Name of the scenario that this page requested last. */
  #requested = "";
  /** Name of the scenario that is playing, empty for none. */
  #playing = "";
  #since = 0;
  #steps = 0;
  #lastStep = "";

  /**
   * @param {import("./cloud/client.js").CloudClient} cloud
   * @param {string} sessionId
   */
  constructor(cloud, sessionId) {
    this.#cloud = cloud;
    this.#sessionId = sessionId;
    onClick("scenario-stop", () => {
      this.#report(cloud.call("DELETE", "/scenarios", { sessionId }), `${this.#playing}: stopped`);
    });
    onSubmit("seed", () => this.playSeed(Number(input("seed-number").value)));
  }

  /** True while a scenario that this page requested is playing. */
  get isPlaying() {
    return this.#playing !== "";
  }

  /** Loads the list of scenarios. Resolves to false when the cloud has none. */
  async load() {
    const scenarios = await this.#cloud.call("GET", "/scenarios").catch(() => undefined);
    if (scenarios === undefined) return false;
    for (const { name, description, durationMs } of scenarios) {
      const spaced = name.replaceAll("-", " ");
      const title = spaced.charAt(0).toUpperCase() + spaced.slice(1);
      const attributes = { type: "button", "data-testid": `scenario-${name}` };
      const button = create("button", attributes, [title, create("small", {}, [description])]);
      button.addEventListener("click", () => this.#play(name, { name }));
      this.#scenarios.set(name, { button, durationMs });
      byId("scenario-buttons").append(create("li", {}, [button]));
    }
    byId("scenarios").hidden = false;
    byId("seed-part").hidden = false;
    return true;
  }

  /** @param {number} seed */
  playSeed(seed) {
    input("seed-number").value = String(seed);
    const address = new URL(location.href);
    address.searchParams.set("seed", String(seed));
    history.replaceState(null, "", address);
    return this.#play(`seed-${seed}`, { seed });
  }

  /** Stops what is playing, without waiting for a response: the page is being left. */
  leave() {
    if (this.#requested === "") return;
    this.#cloud.call("DELETE", "/scenarios", { sessionId: this.#sessionId }).catch(() => {});
  }

  /** @param {import("./cloud/feed.js").ScenarioPhase} phase */
  phase({ name, phase }) {
    if (phase === "started" && name === this.#requested) this.#show(name);
    if (phase === "started" || name !== this.#playing) return;
    this.#show("");
    write("scenario-result", `${name}: ${phase === "ended" ? "finished" : "stopped"}`);
  }

  /**
   * Counts a fault of the scenario that was applied.
   *
   * @param {string} fault
   */
  step(fault) {
    this.#steps += 1;
    this.#lastStep = fault.replaceAll("_", " ");
  }

  /** Updates the progress. Call it a few times a second. */
  tick() {
    if (!this.isPlaying) return;
    const elapsed = minutes(performance.now() - this.#since);
    const total = this.#scenarios.get(this.#playing)?.durationMs;
    const time = total === undefined ? elapsed : `${elapsed} of ${minutes(total)}`;
    const steps = this.#steps === 0 ? "no faults yet" : `${this.#steps} faults, last ${this.#lastStep}`;
    write("scenario-progress", `${this.#playing}, ${time}: ${steps}`);
  }

  /**
   * @param {string} name
   * @param {{ name: string } | { seed: number }} scenario
   */
  async #play(name, scenario) {
    this.#requested = name;
    const sessionId = this.#sessionId;
    // One at a time, so that each fault can be attributed to its scenario.
    const request = this.#cloud.call("DELETE", "/scenarios", { sessionId });
    const play = async () => {
      await this.#cloud.call("POST", "/scenarios", { ...scenario, sessionId });
      // The feed of events may have opened too late for the start.
      if (this.#playing !== name) this.#show(name);
    };
    await this.#report(request.then(play), `${name} is playing`);
  }

  /** @param {string} name of the scenario that is playing, empty for none */
  #show(name) {
    this.#playing = name;
    this.#since = performance.now();
    this.#steps = 0;
    for (const [key, { button }] of this.#scenarios)
      button.setAttribute("aria-pressed", String(key === name));
    byId("scenario-now").hidden = name === "";
    this.tick();
  }

  /**
   * Shows the result of a request.
   *
   * @param {Promise<any>} request
   * @param {string} success
   */
  async #report(request, success) {
    byId("scenario-error").hidden = true;
    try {
      await request;
      write("scenario-result", success);
    } catch (error) {
      write("scenario-result", "");
      write("scenario-error", error instanceof Error ? error.message : String(error));
      byId("scenario-error").hidden = false;
    }
  }
}
