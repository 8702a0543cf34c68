// What the live translator computes beside the model: rows moved by hand, and what has become of the words.
import { LONGEST } from "./decoding.js";
import { index, list, number } from "./link.js";

/** Weights with the j-th set to `weight` and the others sharing the rest as they share it in `before`; the sum is 1. */
export function moved(before, j, weight) {
  const others = before.reduce((sum, w, k) => (k === j ? sum : sum + w), 0);
  const m = before.length;
  if (m === 1) return [1];
  return Array.from(before, (w, k) => (k === j ? weight : (1 - weight) * (others > 1e-9 ? w / others : 1 / (m - 1))));
}

/** All on the j-th of m. */
export const allOn = (j, m) => Array.from({ length: m }, (_, k) => (k === j ? 1 : 0));

/** Two lists of words as pieces [old words, new words] in order, alike or different; the fewest words differ. */
export function pieces(before, after) {
  const [n, m] = [before.length, after.length];
  const longest = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1)); // common subsequence of the rests
  for (let i = n - 1; i >= 0; i--) for (let j = m - 1; j >= 0; j--) {
    longest[i][j] = before[i] === after[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  }
  const out = [];
  const put = (old, now, same) => {
    if (out.at(-1)?.same !== same) out.push({ same, old: [], now: [] });
    out.at(-1).old.push(...old);
    out.at(-1).now.push(...now);
  };
  for (let [i, j] = [0, 0]; i < n || j < m;) {
    if (i < n && j < m && before[i] === after[j]) put([before[i++]], [after[j++]], true);
    else if (j === m || (i < n && longest[i + 1][j] >= longest[i][j + 1])) put([before[i++]], [], false);
    else put([], [after[j++]], false);
  }
  return out;
}

/** What has become of a sentence, in words: "il becomes elle". */
export function news(before, after) {
  const changes = pieces(before, after).filter(({ same }) => !same);
  if (changes.length === 0) return "the translation stays the same";
  const said = changes.map(({ old, now }) => (!old.length ? `${now.join(" ")} comes in` : !now.length ? `${old.join(" ")} goes` : `${old.join(" ")} becomes ${now.join(" ")}`));
  return said.length > 3 ? `${said.slice(0, 3).join(", ")}, and more` : said.join(", ");
}

/** What tells some sentences apart: their words without those that all begin and end with; null if that is not short. */
export function differences(sentences) {
  const all = sentences.map((sentence) => sentence.split(" "));
  const alike = (at) => all.every((words) => at(words) === at(all[0]));
  const shortest = Math.min(...all.map(({ length }) => length));
  let [start, end] = [0, 0];
  while (start < shortest && alike((words) => words[start])) start++;
  while (end < shortest - start && alike((words) => words.at(-1 - end))) end++;
  const rests = all.map((words) => words.slice(start, words.length - end));
  return rests.every(({ length }) => length > 0 && length < 4) ? rests.map((words) => words.join(" ")) : null;
}

const PLACES = ["encoder", "decoder", "cross"];

/**
 * Rows moved by hand as a kind of a link's text (see link.js): sentence,place,layer,head,query,weights, with "/" between rows.
 * A sentence of the reader's own is percent-encoded; `known` are the words that it may have.
 */
export function rowsKind({ sentences, depth: [encoder, decoder], heads }, known) {
  const given = index(sentences.length);
  const row = {
    write: ({ sentence, place, layer, head, query, weights }) => [encodeURIComponent(sentence), place, layer, head, query, ...weights].join(),
    read: (text) => {
      const [said, place, ...rest] = text.split(",");
      let own = "";
      try { own = decodeURIComponent(said); } catch { /* no sentence */ }
      const sentence = given.read(own) ?? own;
      if (!PLACES.includes(place) || (sentence === own && !own.split(" ").every((word) => known.includes(word)))) return undefined;
      const m = (sentences[sentence] ?? own).split(" ").length;
      const [layer, head, query] = [index(place === "encoder" ? encoder : decoder), index(heads), index(place === "encoder" ? m : LONGEST + 1)].map((kind, k) => kind.read(rest[k]));
      const weights = list(number(0, 1), place === "decoder" ? query + 1 : m).read(rest.slice(3).join());
      const total = weights?.reduce((a, b) => a + b);
      if ([layer, head, query].includes(undefined) || !total) return undefined;
      return { sentence, place, layer, head, query, weights: Math.abs(total - 1) > 1e-9 ? weights.map((w) => w / total) : weights };
    },
  };
  const rows = list(row, null, "/");
  const key = ({ weights, ...at }) => JSON.stringify(at);
  return { ...rows, read: (text) => {
    const read = rows.read(text);
    return read && new Set(read.map(key)).size === read.length ? read : undefined;
  } };
}
