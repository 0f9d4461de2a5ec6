/** Page of the worker: shows its messages. */
const worker = new Worker("worker.js", { type: "module" });
worker.onmessage = ({ data: { id, text } }) => (document.getElementById(id).textContent = text);
worker.onerror = ({ message }) => (document.getElementById("state").textContent = message);
