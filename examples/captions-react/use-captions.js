import { useEffect, useState } from "react";
import { TpaSession } from "tpa-session";

/** Returns the current caption, which is shown on the glasses too, and the state of the session. */
export function useCaptions({ sessionId, language = "en-US", ...options }) {
  const [caption, setCaption] = useState("");
  const [state, setState] = useState("idle");
  useEffect(() => {
    const session = new TpaSession({ maxReconnectAttempts: Infinity, ...options });
    session.on("stateChange", ({ to }) => setState(to));
    session.events.onTranscriptionForLanguage(language, ({ text }) => {
      session.layouts.showTextWall(text);
      setCaption(text);
    });
    session.connect(sessionId).catch((error) => setState(error.message));
    return () => session.disconnect();
  }, [sessionId, language]);
  return { caption, state };
}
