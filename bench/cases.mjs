/**
 * Traffic of the load measures, the same in Node and in a page.
 *
 * @typedef {object} Case
 * @property {string} key of its series, before the place
 * @property {string} name for `--only`
 * @property {string} title
 * @property {"receive" | "sendCards" | "showCards"} work
 * @property {keyof typeof FRAMES} [frames] that the server sends; none for sending
 * @property {string[]} streams with a handler; arrivals at the first one are counted
 * @property {boolean} [inPage] measured in Chromium too; default: true
 */

/** Bytes of a transcription that is sent again and again. */
export const TEXT_BYTES = 342;
/** Rounded mean size of the different transcriptions, bytes. */
export const MEAN_BYTES = 340;

const ENGLISH = "transcription:en-US";
/** Streams that an app listens to besides transcription; none arrives. */
const OTHERS = [
  "translation:en-US-to-fr-FR",
  "VAD",
  "button_press",
  "head_position",
  "glasses_battery_update",
  "phone_battery_update",
  "location_update",
  "phone_notification",
  "calendar_event",
  "photo_taken",
];

/** @type {Case[]} */
export const CASES = [
  {
    key: "text",
    name: "receive",
    title: `a thousand different transcriptions of ${MEAN_BYTES} bytes, one handler`,
    work: "receive",
    frames: "different",
    streams: [ENGLISH],
  },
  {
    key: "several",
    name: "receive",
    title: "the same, handlers of transcription, two languages and 10 other streams",
    work: "receive",
    frames: "different",
    streams: [ENGLISH, "transcription", "transcription:de-DE", ...OTHERS],
  },
  {
    key: "easy",
    name: "receive",
    title: `easy: one transcription of ${TEXT_BYTES} bytes repeated, no language`,
    work: "receive",
    frames: "repeated",
    streams: ["transcription"],
    inPage: false,
  },
  {
    key: "audio3200",
    name: "audio",
    title: "3,200 bytes of audio",
    work: "receive",
    frames: "audio3200",
    streams: ["audio_chunk"],
  },
  {
    key: "audio320",
    name: "audio",
    title: "320 bytes of audio",
    work: "receive",
    frames: "audio320",
    streams: ["audio_chunk"],
    inPage: false,
  },
  {
    key: "card",
    name: "send",
    title: "send a card by the layout's method",
    work: "showCards",
    streams: ["transcription"],
  },
  {
    key: "send",
    name: "send",
    title: "send a card by send()",
    work: "sendCards",
    streams: ["transcription"],
  },
];

const WORDS =
  "the quick brown fox jumps over a lazy dog while seven wizards make toxic brew for an evil queen".split(
    " ",
  );

/** Data of a transcription as the cloud sends it, with the name of its stream. */
function transcription(/** @type {string} */ streamType, /** @type {number} */ number) {
  const start = 1000 + number * 730;
  const duration = 400 + ((number * 37) % 900);
  return {
    type: "data_stream",
    streamType,
    sessionId: "user-org.example.bench",
    data: {
      type: "transcription",
      text: "",
      isFinal: number % 5 === 4,
      transcribeLanguage: "en-US",
      startTime: start,
      endTime: start + duration,
      speakerId: String((number % 3) + 1),
      duration,
    },
    timestamp: new Date(Date.UTC(2026, 0, 1) + start).toISOString(),
  };
}

/** A thousand transcriptions with different texts, times and speakers. */
function different() {
  return Array.from({ length: 1000 }, (_, number) => {
    const frame = transcription(ENGLISH, number);
    const target = MEAN_BYTES - 40 + ((number * 53) % 81);
    for (let word = number * 7; JSON.stringify(frame).length < target; word += 1 + (number % 4)) {
      frame.data.text += `${WORDS[word % WORDS.length]} `;
    }
    return JSON.stringify(frame);
  });
}

function repeated() {
  const frame = transcription("transcription", 0);
  frame.data.text = "x".repeat(TEXT_BYTES - JSON.stringify(frame).length);
  return [JSON.stringify(frame)];
}

/** Chunk of audio that ends in 1. @param {number} bytes */
const audio = (bytes) => [new Uint8Array(bytes).fill(1)];

/** Frames by name, text or binary. */
export const FRAMES = {
  different,
  repeated,
  audio320: () => audio(320),
  audio3200: () => audio(3200),
};
