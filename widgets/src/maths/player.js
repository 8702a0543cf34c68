// The numbers of <attention-player>, without its page: one self-attention with edits, and sums and products written out.
import { matmul, matmulT, softmaxRows, text } from "./attention.js";

export const STEPS = ["embed", "project", "score", "scale", "softmax", "weigh", "sum"];
export const SMALLEST_DIVISOR = 1e-6;

/** What an edit is called: place("X", 0, 1) is "X[0,1]". */
export const place = (name, i, j) => `${name}[${i},${j}]`;

/**
 * One self-attention from inputs {X, W_q, W_k, W_v} of {shape, data}. An edit, {"scores[0,1]": 100}, takes the place of
 * a number from there on. Returns {name: {shape, data, computed}}: with and without the edits of that very matrix.
 */
export function attention(inputs, edits, divisor) {
  const [n, d_model] = inputs.X.shape;
  const d_k = inputs.W_q.shape[1];
  const d_v = inputs.W_v.shape[1];
  const all = {};
  const put = (name, shape, computed) => {
    const data = computed.map((x, at) => edits[place(name, Math.floor(at / shape[1]), at % shape[1])] ?? x);
    all[name] = { shape, data, computed };
    return data;
  };
  const [X, W_q, W_k, W_v] = ["X", "W_q", "W_k", "W_v"].map((name) => put(name, inputs[name].shape, inputs[name].data));
  const Q = put("Q", [n, d_k], matmul(X, W_q, n, d_model, d_k));
  const K = put("K", [n, d_k], matmul(X, W_k, n, d_model, d_k));
  const V = put("V", [n, d_v], matmul(X, W_v, n, d_model, d_v));
  const scores = put("scores", [n, n], matmulT(Q, K, n, n, d_k));
  const scaled = put("scaled", [n, n], scores.map((s) => s / divisor));
  const weights = put("weights", [n, n], softmaxRows(scaled, n, n));
  put("output", [n, d_v], matmul(weights, V, n, n, d_v));
  return all;
}

/** Without the small change: 0.00001 becomes 0. */
export const rounded = (x, decimals = 3) => Number(x.toFixed(decimals));

export const vector = (numbers) => `[${Array.from(numbers, text).join(", ")}]`;

/** "1 × 2 + 8 × 12", the dot product written out. */
export const products = (a, b) => Array.from(a, (x, c) => `${factor(x)} × ${factor(b[c])}`).join(" + ");

const factor = (x) => (x < 0 ? `(${text(x)})` : text(x));

/** "2 + 3", terms of a sum; a negative one in brackets. */
export const sum = (terms) => Array.from(terms, factor).join(" + ");
