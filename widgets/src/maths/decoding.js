// From what a model says of the next word to sentences: the steps of self_attention/decoding.py, in the same order.
import { softmaxRows } from "./attention.js";

export const [BOS, EOS] = [1, 2];
export const LONGEST = 40; // words of a sentence, <eos> among them

export function logSoftmax(logits) {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const log = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - max), 0));
  return logits.map((x) => x - max - log);
}

const argmax = (row) => row.reduce((best, x, id) => (x > row[best] ? id : best), 0);

/**
 * The beginning of a sentence. `next(step, id)` takes what it gave before the last word (null before <bos>) and that
 * word's id; it gives an object with `logs`, the log-probabilities of the next word. It is asked when that is needed.
 */
export class Beginning {
  #step = null;

  constructor(next, before = null, id = BOS) {
    Object.assign(this, { next, before, id, length: before ? before.length + 1 : 0 });
    this.logProbability = before ? before.logProbability + before.logs[id] : 0;
  }

  get step() { return this.#step ??= this.next(this.before?.step ?? null, this.id); }
  get logs() { return this.step.logs; }
  get ended() { return this.id === EOS; }

  then(id) { return new Beginning(this.next, this, id); }

  /** Itself and all the beginnings that led to it, from <bos> on. */
  get path() { return this.before ? [...this.before.path, this] : [this]; }

  /** The ids without <bos> and <eos>. */
  get ids() { return this.path.slice(1).filter(({ ended }) => !ended).map(({ id }) => id); }
}

/** The beginning of all translations of some source ids, and the encoder's maps; `forced`: see transformer.js. */
export function begin(model, ids, forced) {
  const { memory, maps } = model.encode(ids, forced);
  const start = model.start(memory);
  const root = new Beginning((step, id) => {
    const now = model.step(step ? step.state : start, id, forced);
    return { ...now, logs: logSoftmax(now.logits) };
  });
  return { root, maps };
}

/** One word after another, as `choose` says from the log-probabilities, to <eos> or the longest length. */
function oneByOne(root, choose, longest) {
  let at = root;
  while (!at.ended && at.length < longest) at = at.then(choose(at.logs));
  return at;
}

/** The most probable word at each step. */
export const greedy = (root, longest = LONGEST) => oneByOne(root, argmax, longest);

/** Each word drawn; see `drawn`, `tempered` and `truncate`. */
export function sample(root, { temperature = 1, topK = 0, topP = 1, seed = 0, longest = LONGEST } = {}) {
  const next = uniform(seed);
  return oneByOne(root, (logs) => drawn(truncate(tempered(logs, temperature), topK, topP), next()), longest);
}

/** Probabilities at a temperature; 0: all for the most probable word. */
export function tempered(logs, temperature) {
  if (temperature === 0) {
    const best = argmax(logs);
    return logs.map((_, id) => (id === best ? 1 : 0));
  }
  return softmaxRows(logs, 1, logs.length, null, temperature);
}

/** The first topK (0: all) of the words, most probable first, then as few as reach topP together; shared out again. */
export function truncate(probabilities, topK = 0, topP = 1) {
  const order = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const out = new Float64Array(probabilities.length);
  const share = (ids) => {
    out.fill(0);
    const sum = ids.reduce((total, id) => total + kept[id], 0);
    for (const id of ids) out[id] = kept[id] / sum;
    return out;
  };
  let kept = probabilities;
  let ids = topK ? order.slice(0, topK) : order;
  if (topK) kept = share(ids).slice();
  if (topP >= 1) return kept === probabilities ? probabilities.slice() : kept;
  let before = 0;
  ids = ids.filter((id, k) => {
    const stays = k === 0 || before < topP - 1e-9;
    before += kept[id];
    return stays;
  });
  return share(ids);
}

/** The first id at which the sum of the probabilities so far exceeds number times their sum. */
export function drawn(probabilities, number) {
  const total = probabilities.reduce((a, b) => a + b, 0);
  let sum = 0;
  const id = probabilities.findIndex((p) => { sum += p; return sum > number * total; });
  return id < 0 ? argmax(probabilities) : id;
}

/** A function that gives numbers from 0 to below 1: mulberry32, as `uniform` of widgets/live_translator.py. */
export function uniform(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Beam search: at each step the `width` most probable continuations of all running beginnings are kept.
 * {found: at most `width` beginnings, the best first, columns: for each step {kept, dropped}}; dropped holds the next
 * `width` continuations, which were not kept.
 */
export function beamSearch(root, width, longest = LONGEST) {
  const ranked = (some) => some.sort((a, b) => b.logProbability - a.logProbability); // a stable sort
  let [running, ended] = [[root], []];
  const columns = [];
  while (running.length && running[0].length < longest) {
    if (ended.length >= width && ended[width - 1].logProbability >= running[0].logProbability) break;
    const best = []; // [log-probability, beginning, id], the largest first, of equal ones the earlier first
    for (const beginning of running) {
      beginning.logs.forEach((log, id) => {
        const total = beginning.logProbability + log;
        if (total === -Infinity || (best.length === 2 * width && total <= best.at(-1)[0])) return;
        let at = best.length;
        while (at > 0 && best[at - 1][0] < total) at--;
        best.splice(at, 0, [total, beginning, id]);
        if (best.length > 2 * width) best.pop();
      });
    }
    const all = best.map(([, beginning, id]) => beginning.then(id));
    const kept = all.slice(0, width);
    columns.push({ kept, dropped: all.slice(width) });
    ended = ranked([...ended, ...kept.filter((one) => one.ended)]);
    running = kept.filter((one) => !one.ended);
  }
  return { found: ranked([...ended, ...running]).slice(0, width), columns };
}
