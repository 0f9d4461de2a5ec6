/** The app in a page. Its events wait in `window.reports` until the program that opened it takes them. */
import { TpaSession } from "/pkg/index.js";

import { run } from "./app.mjs";

const activity = new URLSearchParams(location.search).get("activity");
window.reports = [];
run(TpaSession, { cloud: location.origin, activity }, (event) => window.reports.push(event));
