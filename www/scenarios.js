/**
 * Plans of faults that the cloud plays by itself: its scenarios, and those made from a seed. A
 * cloud that has none of them answers 404, and then this part of the page stays hidden.
 */
import { ask } from "./cloud-control.js";
import { byId, create, input, onClick, onSubmit, write } from "./dom.js";
import { minutes } from "./time.js";

export class Scenarios {
  #sessionId;
  /** @type {Map<string, { button: HTMLElement, durationMs: number }>} by the name of the scenario */
  #known = new Map();
  /** The one that this page asked for last, and the one that plays now. */
  #wanted = "";
  #playing = "";
  #since = 0;
  #steps = 0;
  #lastStep = "";

  /** @param {string} sessionId */
  constructor(sessionId) {
    this.#sessionId = sessionId;
    onClick("scenario-stop", () => {
      this.#report(ask("DELETE", "/scenarios", { sessionId }), `${this.#playing}: stopped`);
    });
    onSubmit("seed", () => this.playSeed(Number(input("seed-number").value)));
  }

  /** Whether a plan that this page asked for is going on. */
  get isPlaying() {
    return this.#playing !== "";
  }

  /** Asks the cloud what it can play. Whether it can play anything. */
  async load() {
    const response = await fetch("/scenarios").catch(() => undefined);
    if (!response?.ok) return false;
    for (const { name, description, durationMs } of await response.json()) {
      const words = name.replaceAll("-", " ");
      const title = words.charAt(0).toUpperCase() + words.slice(1);
      const attributes = { type: "button", "data-testid": `scenario-${name}` };
      const button = create("button", attributes, [title, create("small", {}, [description])]);
      button.addEventListener("click", () => this.#play(name, { name }));
      this.#known.set(name, { button, durationMs });
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

  /** @param {import("./cloud-feed.js").ScenarioPhase} phase */
  phase({ name, phase }) {
    if (phase === "started" && name === this.#wanted) this.#show(name);
    if (phase === "started" || name !== this.#playing) return;
    this.#show("");
    write("scenario-result", `${name}: ${phase === "ended" ? "over" : "stopped"}`);
  }

  /**
   * A fault of the plan was done.
   *
   * @param {string} fault
   */
  step(fault) {
    this.#steps += 1;
    this.#lastStep = fault.replaceAll("_", " ");
  }

  /** To be called a few times a second. */
  tick() {
    if (!this.isPlaying) return;
    const elapsed = minutes(performance.now() - this.#since);
    const whole = this.#known.get(this.#playing)?.durationMs;
    const time = whole === undefined ? elapsed : `${elapsed} of ${minutes(whole)}`;
    const steps = this.#steps === 0 ? "calm so far" : `${this.#steps} faults, last ${this.#lastStep}`;
    write("scenario-progress", `${this.#playing}, ${time}: ${steps}`);
  }

  /**
   * @param {string} name
   * @param {Record<string, unknown>} plan
   */
  async #play(name, plan) {
    this.#wanted = name;
    const sessionId = this.#sessionId;
    // One at a time: of two at once nobody could say which did what.
    const request = ask("DELETE", "/scenarios", { sessionId });
    const play = () => ask("POST", "/scenarios", { ...plan, sessionId });
    await this.#report(request.then(play), `${name} is playing`);
  }

  /** @param {string} name of what plays now, empty for nothing */
  #show(name) {
    this.#playing = name;
    this.#since = performance.now();
    this.#steps = 0;
    for (const [key, { button }] of this.#known) button.setAttribute("aria-pressed", String(key === name));
    byId("scenario-now").hidden = name === "";
    this.tick();
  }

  /**
   * Says how a request went.
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
