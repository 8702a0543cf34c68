// The way of one word through the parts of a Transformer: the same numbers as self_attention/widgets/transformer_blocks.py.
import { matmulT, softmaxRows } from "./attention.js";
import { Transformer } from "./transformer.js";

const BOS = 1;

/** A Transformer that notes what stands on the residual stream after each part of its last pass. */
export class Watched extends Transformer {
  seen = []; // of each part: {X: (n, d), before: (n, d), added: (n, d), units: (n, d_ff)}
  #units;

  embed(table, ids, first) {
    const { d } = this;
    const X = super.embed(table, ids, first);
    const words = Float64Array.from(X, (_, k) => table[ids[Math.floor(k / d)] * d + (k % d)] * Math.sqrt(d));
    this.seen = [{ X: words }, { X, before: words, added: X.map((x, k) => x - words[k]) }];
    return X;
  }

  add(layer, i, X, part) {
    let added;
    this.#units = null;
    const sum = super.add(layer, i, X, (Y) => (added = part(Y)));
    this.seen.push({ X: sum, before: X, added, units: this.#units });
    return sum;
  }

  feed(layer, Y) {
    const [{ weight, bias }] = layer.forward;
    const [n, d_ff] = [Y.length / this.d, bias.length];
    this.#units = matmulT(Y, weight, n, d_ff, this.d).map((x, k) => Math.max(x + bias[k % d_ff], 0));
    return super.feed(layer, Y);
  }

  last(i, X) {
    const out = super.last(i, X);
    if (this.pre) this.seen.push({ X: out });
    return out;
  }

  /** Logits (V) of the next word if the model stopped here: at a stream (d), which its last norm may have passed. */
  logits(stream, normed) {
    const X = normed ? stream : super.last(1, stream);
    return matmulT(X, this.embeddings.target, 1, this.target.length, this.d);
  }
}

/** The stages of the word `token` (from 0) of a source sentence in the encoder, or of <bos> and the target in the decoder. */
export function way(model, source, target, place, token) {
  const { h } = model;
  const encoded = model.encode(model.read(source));
  let [row, maps] = [token, encoded.maps.map((map) => [["attention", map]])]; // of each layer
  if (place === "decoder") {
    const ids = [BOS, ...target.split(" ").filter(Boolean).map((word) => model.target.indexOf(word))];
    let state = model.start(encoded.memory);
    for (const id of ids.slice(0, token + 1)) {
      const step = model.step(state, id);
      ({ state } = step);
      maps = step.maps.decoder.map((own, i) => [["attention", own], ["source", step.maps.cross[i]]]);
    }
    row = 0; // a step has one row
  }
  const n = model.seen[0].X.length / model.d;
  const at = (X) => X && X.slice((row * X.length) / n, ((row + 1) * X.length) / n);
  const names = ["word", "+ position", ...maps.flatMap((parts, i) => [...parts.map(([name]) => `${i + 1}: + ${name}`), `${i + 1}: + feed-forward`]), "final norm"];
  const all = maps.flatMap((parts) => [...parts.map(([, map]) => map), null]);
  const stages = model.seen.map(({ X, before, added, units }, k) => {
    const map = all[k - 2];
    const m = map && map.length / h / n;
    const weights = map && Array.from({ length: h }, (_, head) => map.slice((head * n + row) * m, (head * n + row + 1) * m)); // h times (m)
    return { name: names[k], stream: at(X), before: at(before), added: at(added), units: at(units), weights };
  });
  if (place === "decoder") stages.push({ name: "logits", stream: model.logits(stages.at(-1).stream, model.pre) });
  return stages;
}

/** In the decoder: the probability of each next word if the model stopped at each stage, (V) each. */
export function lens(model, stages) {
  return stages.map(({ name, stream }) => {
    const logits = name === "logits" ? stream : model.logits(stream, name === "final norm");
    return softmaxRows(logits, 1, logits.length);
  });
}

/** The indices of the largest entries, the largest first; of equal ones the first. */
export function largest(numbers, count) {
  return Array.from(numbers, (_, i) => i).sort((i, j) => numbers[j] - numbers[i] || i - j).slice(0, count);
}
