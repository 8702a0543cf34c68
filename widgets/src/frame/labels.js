// Labels of tokens: short, cut between characters as people count them, and safe beside words of another direction.
// What cannot be seen (a space, nothing, a control character) is a sign already: visible() in _base.py.

export const LONGEST = 48; // characters of a label
const LOOKED_AT = 8 * LONGEST; // code units of a token: an accent may be repeated without end
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [ISOLATE, END] = ["\u2068", "\u2069"];

const segmenter = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });
const characters = (text) => (segmenter ? Array.from(segmenter.segment(text), ({ segment }) => segment) : text.match(/\P{M}(?:\p{M}|\u200d\P{M})*/gsu) ?? [text]);

/** At most so many characters, the last of them "…" if there are more. */
export function cut(text, longest = LONGEST) {
  if (text.length <= longest) return text;
  const all = characters(text.slice(0, LOOKED_AT));
  const whole = text.length <= LOOKED_AT;
  if (whole && all.length <= longest) return text;
  return `${all.slice(0, whole ? longest - 1 : Math.max(Math.min(longest - 1, all.length - 1), 1)).join("")}…`;
}

const isolate = (text) => (RIGHT_TO_LEFT.test(text) ? `${ISOLATE}${text}${END}` : text);

/** A token for a place among other words. */
export const label = (token, longest) => isolate(cut(token, longest));

/** A label for an element of its own, which is to have dir="auto": cut off at its end, wherever that is. */
export const bare = (text) => text.replaceAll(/[\u2068\u2069]/g, "");

export const labelsOf = (tokens, longest) => tokens.map((token) => label(token, longest));

const widths = new Map(); // px, of what has been drawn: measuring costs more than drawing

/** Width of a text in the pen's font, which is measured once. */
export function widthOf(pen, text) {
  const key = `${pen.font}|${text}`;
  if (!widths.has(key)) {
    if (widths.size > 10000) widths.clear();
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

/** As much of a label as fits into `room` px. */
export function fit(pen, text, room) {
  if (widthOf(pen, text) <= room) return text;
  const all = characters(bare(text).replace(/…$/, ""));
  const shortened = (size) => isolate(`${all.slice(0, size).join("")}…`);
  let [least, most] = [0, all.length];
  while (most - least > 1) {
    const middle = (least + most) >> 1;
    if (pen.measureText(shortened(middle)).width <= room) least = middle;
    else most = middle;
  }
  return shortened(least);
}
