/** The buttons that trouble the line of this page's session. */
import { ask, clearFaults } from "./cloud-control.js";
import { byId, chosen, create, input, onSubmit } from "./dom.js";
import { FAULTS } from "./fault-list.js";

/** @typedef {import("./fault-list.js").Request} Request */

export class Faults {
  #sessionId;
  #onFault;

  /**
   * @param {string} sessionId
   * @param {(request: Request, label: string) => void} onFault called as each fault is asked for;
   *   the label is empty for those that only help another
   */
  constructor(sessionId, onFault) {
    this.#sessionId = sessionId;
    this.#onFault = onFault;
    for (const fault of FAULTS) {
      const press = () => {
        const requests = fault.requests(period(), Number(input("fault-delay").value));
        report(fault.label, this.#all(fault.label, requests, fault.everybody));
      };
      byId(fault.final ? "faults-final" : "faults-passing").append(faultButton(fault, press));
    }
    const clear = { id: "clear", label: "Clear faults", hint: "the line is good again" };
    byId("faults-passing").append(faultButton(clear, () => report("Clear faults", clearFaults())));
    onSubmit("custom-close", () => {
      const code = Number(input("custom-code").value);
      const reason = input("custom-reason").value;
      const close = { fault: "close", code, reason, ...period() };
      report(`Close ${code}`, this.#all(`Close ${code}`, [close]));
    });
  }

  /**
   * Injects one fault; rejects when the cloud does not do it.
   *
   * @param {Request} request
   * @param {{ label?: string, everybody?: boolean }} [how]
   */
  inject(request, { label = request.fault, everybody = false } = {}) {
    this.#onFault(request, label);
    const target = everybody ? {} : { sessionId: this.#sessionId };
    return ask("POST", "/faults", { ...request, ...target });
  }

  /**
   * Injects the faults of one button, one after the other; the answer to the last.
   *
   * @param {string} label
   * @param {Request[]} requests
   * @param {boolean} [everybody]
   */
  async #all(label, requests, everybody = false) {
    let answer;
    for (const request of requests) {
      answer = await this.inject(request, { label: request === requests[0] ? label : "", everybody });
    }
    return answer;
  }
}

/** How long faults are to go on; nothing for those that are there now. */
function period() {
  const forMs = Number(chosen("fault-period"));
  return forMs > 0 ? { forMs } : {};
}

/**
 * Says in the page how a request went.
 *
 * @param {string} label
 * @param {Promise<{ connections: unknown[] } | undefined>} request
 */
async function report(label, request) {
  const result = byId("fault-result");
  const error = byId("fault-error");
  result.textContent = "";
  error.hidden = true;
  try {
    const answer = await request;
    const hitNothing = answer?.connections.length === 0;
    result.textContent = hitNothing ? `${label}: done, but there was no connection to hit` : `${label}: done`;
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
