/**
 * The buttons that trouble the line. Each is one or more requests to the cloud, aimed at this
 * page's session only.
 */
import { byId, create, input, onSubmit } from "./dom.js";

/**
 * @typedef {{
 *   id: string, label: string, hint: string, final?: boolean, requests: Record<string, unknown>[]
 * }} Fault
 */

/** @type {Fault[]} */
const FAULTS = [
  { id: "cut", label: "Cut", hint: "no close frame: 1006", requests: [{ fault: "cut" }] },
  {
    id: "close-1011",
    label: "Close 1011",
    hint: "the cloud failed",
    requests: [{ fault: "close", code: 1011, reason: "Internal server error" }],
  },
  {
    id: "refuse",
    label: "Refuse for 3 s",
    hint: "cut, and the first tries fail",
    requests: [{ fault: "refuse", forMs: 3000 }, { fault: "cut" }],
  },
  {
    id: "malformed",
    label: "Malformed frames",
    hint: "the session lives on",
    requests: [{ fault: "malformed" }],
  },
  {
    id: "close-1000",
    label: "Close 1000",
    hint: "a normal goodbye",
    final: true,
    requests: [{ fault: "close", code: 1000, reason: "" }],
  },
  {
    id: "app-stopped",
    label: "App stopped",
    hint: "by the user",
    final: true,
    requests: [{ fault: "close", code: 1000, reason: "App stopped" }],
  },
  {
    id: "superseded",
    label: "Superseded",
    hint: "another took over: 4009",
    final: true,
    requests: [{ fault: "close", code: 4009, reason: "Superseded by a newer connection" }],
  },
  {
    id: "gone",
    label: "Cloud gone",
    hint: "for a minute: three tries",
    final: true,
    requests: [{ fault: "refuse", forMs: 60_000 }, { fault: "cut" }],
  },
];

/**
 * @param {string} sessionId
 * @param {(label: string) => void} onFault called as each fault is asked for
 */
export function setUpFaults(sessionId, onFault) {
  for (const fault of FAULTS) {
    const button = faultButton(fault);
    button.addEventListener("click", () => inflict(fault.label, fault.requests));
    byId(fault.final ? "faults-final" : "faults-passing").append(button);
  }

  const clear = faultButton({ id: "clear", label: "Clear faults", hint: "the line is good again" });
  clear.addEventListener("click", () => run("Clear faults", [() => fetch("/faults", { method: "DELETE" })]));
  byId("faults-passing").append(clear);

  onSubmit("custom-close", () => {
    const code = Number(input("custom-code").value);
    inflict(`Close ${code}`, [{ fault: "close", code, reason: input("custom-reason").value }]);
  });

  /**
   * @param {string} label
   * @param {Record<string, unknown>[]} requests
   */
  function inflict(label, requests) {
    onFault(label);
    return run(
      label,
      requests.map((request) => () => post({ ...request, sessionId })),
    );
  }
}

/** @param {Record<string, unknown>} body */
function post(body) {
  return fetch("/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/**
 * Makes the requests one after the other and says in the page how it went.
 *
 * @param {string} label
 * @param {(() => Promise<Response>)[]} requests
 */
async function run(label, requests) {
  const result = byId("fault-result");
  const error = byId("fault-error");
  result.textContent = "";
  error.hidden = true;
  try {
    let answer = "";
    for (const request of requests) answer = await accepted(request());
    const hitNothing = answer !== "" && JSON.parse(answer).connections.length === 0;
    result.textContent = hitNothing ? `${label}: done, but there was no connection to hit` : `${label}: done`;
  } catch (cause) {
    error.textContent = `${label} failed. ${cause instanceof Error ? cause.message : cause}`;
    error.hidden = false;
  }
}

/** @param {Promise<Response>} request */
async function accepted(request) {
  const response = await request.catch(() => {
    throw new Error("The cloud does not answer.");
  });
  const body = await response.text();
  if (response.ok) return body;
  throw new Error(`The cloud answered ${response.status}: ${complaint(body)}`);
}

/**
 * The cloud says in JSON what it did not like; whatever stands between it and us may not.
 *
 * @param {string} body
 */
function complaint(body) {
  try {
    return JSON.parse(body).error;
  } catch {
    return body;
  }
}

/** @param {{ id: string, label: string, hint: string }} fault */
function faultButton({ id, label, hint }) {
  const attributes = { type: "button", "data-testid": `fault-${id}` };
  return create("button", attributes, [label, create("small", {}, [hint])]);
}
