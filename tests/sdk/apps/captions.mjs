/** Live captions on the glasses, in one language or two. Written against what both packages have. */

/** Listens and shows; `lines` of the settings is how much is kept on the glasses. */
export function captions(session) {
  const LANGUAGES = ["en-US", "es-ES"];
  let lines = [];
  let second;

  const show = () => session.layouts.showTextWall(lines.join("\n"));
  const onCaption = ({ text, isFinal }) => {
    if (!isFinal) return;
    lines = [...lines, text].slice(-session.settings.get("lines", 3));
    show();
  };

  session.events.onTranscriptionForLanguage(LANGUAGES[0], onCaption);
  session.settings.onValueChange("lines", (most) => {
    lines = lines.slice(-most);
    show();
  });
  session.events.onButtonPress(({ pressType }) => {
    if (pressType !== "short") return;
    if (second === undefined) {
      second = session.on(`transcription:${LANGUAGES[1]}`, onCaption);
    } else {
      second();
      second = undefined;
    }
  });
}
