/** The form that starts random faults, how they go, and the verdict. */
import { clearFaults } from "../cloud-control.js";
import { button, byId, input, onClick, onSubmit, write } from "../dom.js";
import { minutes } from "../time.js";
import { RandomRun } from "./run.js";

const MINUTE_MS = 60_000;

export class RandomView {
  /** @type {RandomRun | undefined} the one that goes on, or the last one */
  run;

  /**
   * @param {import("../dashboard.js").Dashboard} dashboard
   * @param {import("../faults.js").Faults} faults
   * @param {import("../glasses.js").Glasses} glasses
   */
  constructor(dashboard, faults, glasses) {
    onSubmit("random", () => {
      if (this.run?.isActive) return;
      write("random-verdict", "");
      byId("random-verdict").dataset.phase = "";
      this.run = new RandomRun(Number(input("random-minutes").value) * MINUTE_MS, {
        inject: (request) => faults.inject(request),
        clear: clearFaults,
        hold: () => dashboard.hold(),
        goOn: () => dashboard.goOn(),
        shownCard: () => glasses.card,
        over: () => this.#showVerdict(),
      });
      this.#showButtons();
    });
    onClick("random-stop", () => this.run?.stop());
  }

  /** To be called a few times a second. */
  tick() {
    const run = this.run;
    if (!run) return;
    const time = run.phase === "running" ? `${minutes(run.remaining)} to go` : minutes(run.elapsed);
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
    const errors = run.errors === 0 ? "not one error" : `${run.errors} errors (${run.complaints[0]})`;
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
    byId("random-counts").hidden = false;
    // The button that was pressed makes room for the other: the focus stays in its place.
    if (focused === byId("random-start")) button("random-stop").focus();
    else if (focused === byId("random-stop")) button("random-start").focus();
  }
}
