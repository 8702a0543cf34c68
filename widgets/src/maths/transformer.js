// The forward pass of self_attention/transformer.py for one sentence, in float64. Matrices are row-major.
// `forced(place, layer, head, query)` may give the weights of a row of attention, to be used in place of the computed
// ones: place is "encoder", "decoder" (its self-attention) or "cross".
import { softmaxRows } from "./attention.js";

const UNK = 3;
const SIGNS = ["<pad>", "<bos>", "<eos>", "<unk>"];
const none = () => null;

const add = (A, B) => A.map((a, k) => a + B[k]);

/** X (n, d), each row with mean 0 and variance 1, times scale (d) plus shift (d). */
function layerNorm(X, d, { weight, bias }) {
  const out = new Float64Array(X.length);
  for (let row = 0; row < X.length; row += d) {
    let mean = 0;
    let variance = 0;
    for (let c = 0; c < d; c++) mean += X[row + c] / d;
    for (let c = 0; c < d; c++) variance += (X[row + c] - mean) ** 2 / d;
    const size = Math.sqrt(variance + 1e-5);
    for (let c = 0; c < d; c++) out[row + c] = ((X[row + c] - mean) / size) * weight[c] + bias[c];
  }
  return out;
}

/** X (n, from) times weight^T, with weight (to, from), plus bias (to). Four sums at a time: they do not wait for each other. */
function linear(X, { weight, bias }, to = bias.length) {
  const from = weight.length / to;
  const n = X.length / from;
  const out = new Float64Array(n * to);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < to; j++) {
      let a = bias ? bias[j] : 0; // not as one array: this is the loop in which the model spends its time
      let b = 0;
      let c = 0;
      let d = 0;
      let x = i * from;
      let w = j * from;
      const end = x + from;
      for (; x < end - 3; x += 4, w += 4) {
        a += X[x] * weight[w];
        b += X[x + 1] * weight[w + 1];
        c += X[x + 2] * weight[w + 2];
        d += X[x + 3] * weight[w + 3];
      }
      for (; x < end; x++, w++) a += X[x] * weight[w];
      out[i * to + j] = a + b + (c + d);
    }
  }
  return out; // (n, to)
}

/** Grown by a few rows. */
function joined(A, B) {
  const out = new Float64Array(A.length + B.length);
  out.set(A);
  out.set(B, A.length);
  return out;
}

export class Transformer {
  /** From what readSafetensors gives. */
  constructor({ facts, tensors }) {
    if (facts.kind !== "TransformerTranslator") throw new Error(`expected a TransformerTranslator, got ${facts.kind}`);
    const { d_model = 64, h = 4, layers = [2, 2], norm = "pre" } = facts.config;
    const [encoder, decoder] = layers;
    Object.assign(this, { d: d_model, h, pre: norm === "pre", depth: { encoder, decoder, cross: decoder } });
    [this.source, this.target = this.source] = facts.words.map((words) => [...SIGNS, ...words]); // one list: for both languages
    this.ids = new Map(this.source.map((word, id) => [word, id]));
    const part = (name) => {
      const tensor = tensors[`transformer.${name}`];
      if (!tensor) throw new Error(`the weights lack ${name}`);
      return tensor.data;
    };
    const linear = (name) => ({ weight: part(`${name}.weight`), bias: part(`${name}.bias`) });
    const layer = (name, attentions) => ({
      ...Object.fromEntries(attentions.map((attention) => [attention, Object.fromEntries(
        ["queries", "keys", "values", "output"].map((what) => [what, linear(`${name}.${attention}.${what}`)]))])),
      forward: [linear(`${name}.feed_forward.0`), linear(`${name}.feed_forward.2`)],
      norms: Array.from({ length: attentions.length + 1 }, (_, i) => linear(`${name}.norms.${i}`)),
    });
    const stack = (name, count, attentions) => Array.from({ length: count }, (_, i) => layer(`${name}.${i}`, attentions));
    const source = part("source.weight");
    this.embeddings = { source, target: facts.words.length === 1 ? source : part("target.weight") };
    this.encoder = stack("encoder", encoder, ["attention"]);
    this.decoder = stack("decoder", decoder, ["attention", "cross"]);
    this.norms = this.pre ? [linear("norms.0"), linear("norms.1")] : [null, null];
  }

  /** The ids of a source sentence; a word that the model does not know is <unk>. */
  read(sentence) {
    return sentence.split(/\s+/).filter(Boolean).map((word) => this.ids.get(word) ?? UNK);
  }

  /** From ids (m) to {memory (m, d), maps: a layer each of weights (h, m, m)}. */
  encode(ids, forced = none) {
    const maps = [];
    let X = this.embed(this.embeddings.source, ids, 0);
    this.encoder.forEach((layer, i) => {
      const row = (head, query) => forced("encoder", i, head, query);
      X = this.add(layer, 0, X, (Y) => this.attend(layer.attention, Y, this.#keys(layer.attention, Y), row, maps));
      X = this.add(layer, 1, X, (Y) => this.feed(layer, Y));
    });
    return { memory: this.last(0, X), maps };
  }

  /** What the decoder starts from: keys and values of the memory, and none yet of its own words. */
  start(memory) {
    const own = { K: new Float64Array(0), V: new Float64Array(0) };
    return { position: 0, own: this.decoder.map(() => own), memory: this.decoder.map(({ cross }) => this.#keys(cross, memory)) };
  }

  /**
   * One word further: {state, logits, maps}. The state that came stays as it was, so that others can go on from it.
   * maps.decoder: a layer each of weights (h, position + 1); maps.cross: (h, m).
   */
  step(state, id, forced = none) {
    const { position } = state;
    const maps = { decoder: [], cross: [] };
    const own = [];
    let X = this.embed(this.embeddings.target, [id], position); // (1, d)
    this.decoder.forEach((layer, i) => {
      const row = (place) => (head) => forced(place, i, head, position);
      X = this.add(layer, 0, X, (Y) => {
        const now = this.#keys(layer.attention, Y);
        own.push({ K: joined(state.own[i].K, now.K), V: joined(state.own[i].V, now.V) });
        return this.attend(layer.attention, Y, own[i], row("decoder"), maps.decoder);
      });
      X = this.add(layer, 1, X, (Y) => this.attend(layer.cross, Y, state.memory[i], row("cross"), maps.cross));
      X = this.add(layer, 2, X, (Y) => this.feed(layer, Y));
    });
    const logits = linear(this.last(1, X), { weight: this.embeddings.target }, this.target.length);
    return { state: { ...state, position: position + 1, own }, logits, maps };
  }

  /** From target ids (n), from <bos> on, to {logits: a row for each, maps: {decoder, cross}: as `collect` gives}. */
  decode(ids, memory, forced = none) {
    const steps = [];
    let state = this.start(memory);
    for (const id of ids) {
      steps.push(this.step(state, id, forced));
      ({ state } = steps.at(-1));
    }
    return { logits: steps.map(({ logits }) => logits), maps: this.collect(steps) };
  }

  /** The rows of weights of some steps as maps: {decoder: a layer each of (h, n, n), cross: (h, n, m)}. */
  collect(steps) {
    const { h } = this;
    const n = steps.length;
    const together = (place, m) => this.decoder.map((_, layer) => {
      const out = new Float64Array(h * n * m);
      steps.forEach(({ maps }, i) => {
        const rows = maps[place][layer];
        const size = rows.length / h;
        for (let head = 0; head < h; head++) out.set(rows.subarray(head * size, (head + 1) * size), (head * n + i) * m);
      });
      return out;
    });
    return { decoder: together("decoder", n), cross: together("cross", steps[0].maps.cross[0].length / h) };
  }

  embed(table, ids, first) {
    const { d } = this;
    const out = new Float64Array(ids.length * d);
    ids.forEach((id, i) => {
      for (let c = 0; c < d; c++) {
        const angle = (first + i) / 10000 ** ((c - (c % 2)) / d);
        out[i * d + c] = table[id * d + c] * Math.sqrt(d) + (c % 2 ? Math.cos(angle) : Math.sin(angle));
      }
    });
    return out; // (n, d)
  }

  // X plus a part of a layer, with the norm before the part or after the sum.
  add({ norms }, i, X, part) {
    if (this.pre) return add(X, part(layerNorm(X, this.d, norms[i])));
    return layerNorm(add(X, part(X)), this.d, norms[i]);
  }

  last(i, X) {
    return this.pre ? layerNorm(X, this.d, this.norms[i]) : X;
  }

  #keys({ keys, values }, X) {
    return { K: linear(X, keys), V: linear(X, values) };
  }

  feed({ forward: [into, out] }, X) {
    return linear(linear(X, into).map((x) => Math.max(x, 0)), out);
  }

  // X (n, d) reads K and V (m, d): the output (n, d); the weights (h, n, m) go to the maps.
  attend({ queries, output }, X, { K, V }, forced, maps) {
    const { d, h } = this;
    const [n, m, size] = [X.length / d, K.length / d, d / h];
    const Q = linear(X, queries);
    const all = new Float64Array(h * n * m);
    const Z = new Float64Array(n * d);
    for (let head = 0; head < h; head++) {
      const first = head * size; // the head's features of d
      const scores = new Float64Array(n * m);
      for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
        let sum = 0;
        for (let c = 0, q = i * d + first, k = j * d + first; c < size; c++) sum += Q[q + c] * K[k + c];
        scores[i * m + j] = sum / Math.sqrt(size);
      }
      const weights = softmaxRows(scores, n, m);
      for (let i = 0; i < n; i++) {
        weights.set(forced(head, i) ?? [], i * m);
        for (let j = 0; j < m; j++) {
          const weight = weights[i * m + j];
          for (let c = 0, z = i * d + first, v = j * d + first; c < size; c++) Z[z + c] += weight * V[v + c];
        }
      }
      all.set(weights, head * n * m);
    }
    maps.push(all);
    return linear(Z, output);
  }
}
