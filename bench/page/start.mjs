/** Script of a page that starts one client and records when it connects. */
import { connect } from "bench:client";

connect(new URL("/", location.href.replace("http", "ws")).href, {
  handlers: [["transcription:en-US", () => {}]],
  onConnected: () => {},
  onConnecting: () => (window.start.connecting ??= performance.now()),
});
