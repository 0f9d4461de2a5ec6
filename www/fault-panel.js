/** Buttons that inject faults into the connection of this page's session. */
import { byId, radioValue, create, input, onSubmit } from "./dom.js";
import { directed, FAULTS } from "./fault-catalog.js";

/**
 * @typedef {import("./fault-catalog.js").Request} Request
 * @typedef {import("./fault-catalog.js").Direction} Direction
 */

export class FaultPanel {
  #cloud;
  #sessionId;
  #onFault;

  /**
   * @param {import("./cloud/client.js").CloudClient} cloud
   * @param {string} sessionId
   * @param {(request: Request, label: string) => (applied: boolean) => void} onFault called before
   *   each request; the function that it returns is called with its outcome. The label is empty for
   *   the second and later requests of a button.
   */
  constructor(cloud, sessionId, onFault) {
    this.#cloud = cloud;
    this.#sessionId = sessionId;
    this.#onFault = onFault;
    for (const fault of FAULTS) {
      const press = () => {
        const direction = /** @type {Direction} */ (radioValue("direction"));
        const requests = fault.requests(duration(), Number(input("fault-delay").value), direction);
        const label = fault.hasDirection ? directed(fault.label, direction) : fault.label;
        report({ ...fault, label }, this.#injectAll(label, requests, fault.allSessions));
      };
      byId(fault.permanent ? "faults-permanent" : "faults-transient").append(faultButton(fault, press));
    }
    const clear = { id: "clear", label: "Clear faults", hint: "back to normal" };
    byId("faults-transient").append(faultButton(clear, () => report(clear, cloud.clearFaults())));
    onSubmit("custom-close", () => {
      const code = Number(input("custom-code").value);
      const reason = input("custom-reason").value;
      const close = { fault: "close", code, reason, ...duration() };
      const label = `Close ${code}`;
      report({ label }, this.#injectAll(label, [close]));
    });
  }

  /**
   * Injects one fault; rejects when the cloud refuses it.
   *
   * @param {Request} request
   * @param {{ label?: string, allSessions?: boolean }} [options]
   */
  async inject(request, { label = request.fault, allSessions = false } = {}) {
    const settle = this.#onFault(request, label);
    const target = allSessions ? {} : { sessionId: this.#sessionId };
    let applied = false;
    try {
      const response = await this.#cloud.call("POST", "/faults", { ...request, ...target });
      applied = true;
      return response;
    } finally {
      settle(applied);
    }
  }

  /**
   * Injects the faults of one button in order, for the share in the form. Returns the response to
   * the last.
   *
   * @param {string} label
   * @param {Request[]} requests
   * @param {boolean} [allSessions]
   */
  async #injectAll(label, requests, allSessions = false) {
    let response;
    for (const [index, request] of requests.entries()) {
      const options = { label: index === 0 ? label : "", allSessions };
      response = await this.inject({ ...request, ...share() }, options);
    }
    return response;
  }
}

/** Duration chosen in the form; empty for a fault that applies once. */
function duration() {
  const forMs = Number(radioValue("fault-duration"));
  return forMs > 0 ? { forMs } : {};
}

/** Share of the connections chosen in the form; empty for all of them. */
function share() {
  const { value } = input("fault-share");
  return value === "" || value === "100" ? {} : { share: Number(value) / 100 };
}

/**
 * Shows the result of a request.
 *
 * @param {{ label: string, atNextAttempt?: boolean }} fault
 * @param {Promise<{ connections: unknown[] } | undefined>} request
 */
async function report({ label, atNextAttempt = false }, request) {
  const result = byId("fault-result");
  const error = byId("fault-error");
  result.textContent = "";
  error.hidden = true;
  try {
    const response = await request;
    const noTarget = response?.connections.length === 0;
    const note = atNextAttempt
      ? ", for the next attempt: press Cut"
      : noTarget
        ? ", but no connection was affected"
        : "";
    result.textContent = `${label}: done${note}`;
  } catch (cause) {
    error.textContent = `${label} failed. ${cause instanceof Error ? cause.message : cause}`;
    error.hidden = false;
  }
}

/**
 * @param {{ id: string, label: string, hint: string }} fault
 * @param {() => void} press
 */
function faultButton({ id, label, hint }, press) {
  const attributes = { type: "button", "data-testid": `fault-${id}` };
  const button = create("button", attributes, [label, create("small", {}, [hint])]);
  button.addEventListener("click", press);
  return button;
}
