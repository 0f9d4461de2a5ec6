/**
 * Choice of the cloud: the one inside the page, or a server. Where the page is served by a cloud of
 * its own, that is the cloud, and there is no choice.
 */
import { byId, input, onSubmit, radioValue } from "../dom.js";
import { CloudClient } from "./client.js";
import { startInPage } from "./in-page.js";
import { connectToServer } from "./server.js";
import { HAS_CLOUD_IN_PAGE } from "./site.js";

/** Parameter of the page's URL with the origin of a server. */
const PARAMETER = "cloud";

/** Reason why a cloud that runs may still refuse this page. */
const HINT =
  "A cloud accepts only pages from its own machine and those that it is told to: if it runs, start it with " +
  `--allow-origin ${location.origin}.`;

/** Starts the chosen cloud, or connects to it. */
export async function chooseCloud() {
  if (!HAS_CLOUD_IN_PAGE) return new CloudClient(connectToServer(location.origin));
  const chosen = new URL(location.href).searchParams.get(PARAMETER);
  showChoice(chosen);
  if (chosen === null) return new CloudClient(await startInPage());
  const cloud = new CloudClient(connectToServer(originOf(chosen)));
  cloud.call("GET", "/sessions").catch((error) => {
    byId("cloud-error").textContent = `${error.message} ${HINT}`;
    byId("cloud-error").hidden = false;
  });
  return cloud;
}

/** @param {string} url */
function originOf(url) {
  const { protocol, origin } = URL.canParse(url) ? new URL(url) : { protocol: "", origin: "" };
  if (protocol === "http:" || protocol === "https:") return origin;
  throw new Error(`the address of the cloud must be an http: or https: URL, not ${JSON.stringify(url)}`);
}

/** @param {string | null} chosen */
function showChoice(chosen) {
  const radio = input(chosen === null ? "cloud-in-page" : "cloud-server");
  radio.checked = true;
  if (chosen !== null) input("cloud-url").value = chosen;
  byId("cloud").hidden = false;
  byId("documentation").hidden = false;
  onSubmit("cloud", () => {
    const address = new URL(location.href);
    if (radioValue("cloud-choice") === "server")
      address.searchParams.set(PARAMETER, input("cloud-url").value);
    else address.searchParams.delete(PARAMETER);
    location.assign(address);
  });
}
