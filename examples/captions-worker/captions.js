/** Live captions: transcribed speech on the glasses, told to `onCaption` too. */
import { TpaSession } from "tpa-session";

export const packageName = "org.example.captions";

export function startCaptions({ sessionId, onCaption, onState, ...options }) {
  const session = new TpaSession({ packageName, maxReconnectAttempts: Infinity, ...options });
  session.on("stateChange", ({ to }) => onState(to));
  session.events.onTranscriptionForLanguage("en-US", ({ text }) => {
    session.layouts.showTextWall(text);
    onCaption(text);
  });
  session.connect(sessionId).catch((error) => onState(error.message));
  return session;
}
