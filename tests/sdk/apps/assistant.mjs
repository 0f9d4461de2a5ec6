/** Takes photos, has a tool and a setting. Written against what both packages have. */

/** @param {any} session */
export function assistant(session) {
  const show = (text) => session.layouts.showTextWall(text);
  session.events.onButtonPress(async () => {
    show("taking a photo");
    try {
      const { buffer, mimeType, size } = await session.camera.requestPhoto();
      show(`${mimeType} ${buffer.length === size} ${buffer.subarray(0, 3).toString("hex")}`);
    } catch (error) {
      // The SDK rejects with a string.
      show(`failed: ${error.message ?? error}`);
    }
  });
  session.settings.onValueChange("line_width", (width) => show(`width ${width}`));
}

/** The tool `add`. */
export async function answerTool({ toolId, toolParameters, userId }, session) {
  if (toolId !== "add") throw new Error("unknown tool with a secret");
  session?.layouts.showTextWall(`added ${toolParameters.title}`);
  return `${toolParameters.title} for ${userId}, ${session === null ? undefined : typeof session}`;
}
