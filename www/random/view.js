/** Form, progress and result of a run of random faults. */
import { button, byId, input, onClick, onSubmit, write } from "../dom.js";
import { minutes } from "../time.js";
import { RandomRun } from "./run.js";

const MINUTE_MS = 60_000;

export class RandomView {
  /** @type {RandomRun | undefined} the current or last run */
  run;

  /**
   * @param {import("../cloud/client.js").CloudClient} cloud
   * @param {import("../dashboard.js").Dashboard} dashboard
   * @param {import("../fault-panel.js").FaultPanel} faults
   * @param {import("../glasses.js").Glasses} glasses
   */
  constructor(cloud, dashboard, faults, glasses) {
    onSubmit("random", () => {
      if (this.run?.isActive) return;
      write("random-verdict", "");
      byId("random-verdict").dataset.phase = "";
      this.run = new RandomRun(Number(input("random-minutes").value) * MINUTE_MS, {
        inject: (request) => faults.inject(request),
        clear: () => cloud.clearFaults(),
        pause: () => dashboard.pause(),
        resume: () => dashboard.resume(),
        shownCard: () => glasses.card,
        ended: () => this.#showVerdict(),
      });
      this.#showButtons();
    });
    onClick("random-stop", () => this.run?.stop());
  }

  /** Updates the progress. Call it a few times a second. */
  tick() {
    const run = this.run;
    if (!run) return;
    const time = run.phase === "running" ? `${minutes(run.remaining)} left` : minutes(run.elapsed);
    write("random-time", run.phase === "settling" ? "waiting for the last card" : time);
    write("random-faults", String(run.faults));
    write("random-cuts", String(run.cuts));
    write("random-reconnects", String(run.reconnects));
    write("random-errors", String(run.errors));
  }

  #showVerdict() {
    const run = /** @type {RandomRun} */ (this.run);
    const card = run.lastCard.replace("\n", ", ");
    const shown = run.lastCardShown
      ? `the last card (${card}) is shown`
      : `the last card (${card}) is missing`;
    const errors = run.errors === 0 ? "no errors" : `${run.errors} errors (${run.failures[0]})`;
    const word = run.phase === "passed" ? "Passed" : "Failed";
    write(
      "random-verdict",
      `${word}: ${run.faults} faults in ${minutes(run.elapsed)}, ${errors}, and ${shown}.`,
    );
    byId("random-verdict").dataset.phase = run.phase;
    this.#showButtons();
    this.tick();
  }

  #showButtons() {
    const isActive = this.run?.isActive ?? false;
    const focused = document.activeElement;
    byId("random-start").hidden = isActive;
    byId("random-stop").hidden = !isActive;
    // One button replaces the other; keep the keyboard focus on the visible one.
    if (focused === byId("random-start")) button("random-stop").focus();
    else if (focused === byId("random-stop")) button("random-start").focus();
  }
}
