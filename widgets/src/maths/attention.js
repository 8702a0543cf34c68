// The last mile of attention, in float64: scores, masks, softmax, weighted sum.
// Matrices are row-major Float64Arrays; n queries, m keys. The same numbers as self_attention/attention.py.

/** {shape, digits, data}, integers over a power of ten, as {shape, data: Float64Array}; null is -Infinity. */
export function decode({ shape, digits, data }) {
  const unit = 10 ** digits;
  return { shape, data: Float64Array.from(data, (x) => (x === null ? -Infinity : x / unit)) };
}

/** A (n, d) times B^T, with B (m, d). */
export function matmulT(A, B, n, m, d) {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let c = 0, a = i * d, b = j * d; c < d; c++) sum += A[a + c] * B[b + c];
      out[i * m + j] = sum;
    }
  }
  return out; // (n, m)
}

/** A (n, m) times B (m, d). */
export function matmul(A, B, n, m, d) {
  const out = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const a = A[i * m + j];
      if (a !== 0) for (let c = 0; c < d; c++) out[i * d + c] += a * B[j * d + c];
    }
  }
  return out; // (n, d)
}

/** What the scores are multiplied by. */
export function scaleFactor(scale, d_k) {
  switch (scale) {
    case "1": return 1;
    case "1/sqrt(d_k)": return 1 / Math.sqrt(d_k);
    case "1/d_k": return 1 / d_k;
    default: throw new RangeError(`scale must be "1", "1/sqrt(d_k)" or "1/d_k", not ${JSON.stringify(scale)}`);
  }
}

/** The names in "causal+padding"; none for "none". */
export const maskNames = (mask) => (mask === "none" ? [] : mask.split("+"));

/**
 * Which keys each query may read, 1 = may, as a Uint8Array (n, m); null if all may.
 * padding: 1 for each key that is padding (m); given: 1 = may attend (n, m); window: odd width; own: what the scores
 * themselves leave, whatever the mask (n, m).
 */
export function buildMask(mask, n, m, { window = 1, padding = null, given = null, own = null } = {}) {
  const names = maskNames(mask);
  if (names.length === 0) return own;
  const causal = names.includes("causal");
  const reach = names.includes("window") ? (window - 1) / 2 : Infinity;
  const padded = names.includes("padding") ? padding : null;
  const graph = names.includes("given") ? given : null;
  const may = new Uint8Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const k = i * m + j;
      may[k] = (!causal || j <= i) && Math.abs(i - j) <= reach && !padded?.[j] && (graph?.[k] ?? 1) && (own?.[k] ?? 1) ? 1 : 0;
    }
  }
  return may;
}

/**
 * Softmax of each row of scores / temperature. A masked key gets weight 0; a row that is masked throughout is all 0.
 * Temperature 0 is the hard maximum (ties share), Infinity is uniform.
 */
export function softmaxRows(scores, n, m, mask = null, temperature = 1) {
  const out = new Float64Array(n * m);
  for (let row = 0; row < n * m; row += m) {
    let max = -Infinity;
    for (let k = row; k < row + m; k++) if ((!mask || mask[k]) && scores[k] > max) max = scores[k];
    if (max === -Infinity) continue;
    let sum = 0;
    for (let k = row; k < row + m; k++) {
      if (mask && !mask[k]) continue;
      const below = scores[k] - max; // <= 0, so the exponential cannot overflow
      out[k] = below === 0 ? 1 : Math.exp(below / temperature);
      sum += out[k];
    }
    for (let k = row; k < row + m; k++) out[k] /= sum;
  }
  return out;
}

/** The right way to apply a mask, and the popular wrong ones. */
export const METHODS = ["-inf", "zero scores", "zero weights", "zero weights, renormalised"];

/** Weights (n, m) of scaled scores, with the mask applied by one of METHODS. */
export function attentionWeights(scores, n, m, { mask = null, temperature = 1, method = "-inf" } = {}) {
  if (!mask || method === "-inf") return softmaxRows(scores, n, m, mask, temperature);
  if (method === "zero scores") return softmaxRows(scores.map((s, k) => (mask[k] ? s : 0)), n, m, null, temperature);
  const weights = softmaxRows(scores, n, m, null, temperature).map((w, k) => w * mask[k]);
  if (method === "zero weights, renormalised") {
    for (let row = 0; row < n * m; row += m) {
      let sum = 0;
      for (let k = row; k < row + m; k++) sum += weights[k];
      if (sum > 0) for (let k = row; k < row + m; k++) weights[k] /= sum;
    }
  }
  return weights;
}

/** Entropy of one row of weights, in bits. */
export function entropy(weights) {
  let bits = 0;
  for (const w of weights) if (w > 0) bits -= w * Math.log2(w);
  return bits;
}

/** A temperature, which as a setting is a number from 0 on, or "inf" (JSON has no infinity). */
export const asNumber = (temperature) => (temperature === "inf" ? Infinity : temperature);

/** The positions of an attention map's slider: from this below 0, temperature 0.1, to this above it, 10. */
export const REACH = 20;

// Its slider is logarithmic, twenty positions to a factor of ten, with 0 and "inf" beyond the ends.
export const COLDEST = -41;
export const temperatureAt = (position, digits = 2) => (position <= COLDEST ? 0 : position >= -COLDEST ? "inf" : Number((10 ** (position / 20)).toPrecision(digits)));
export function positionOf(temperature) {
  if (temperature === "inf") return -COLDEST;
  return temperature === 0 ? COLDEST : Math.min(Math.max(Math.round(20 * Math.log10(temperature)), COLDEST + 1), -COLDEST - 1);
}

/** What each weight gains, row i, when a score rises, column j: w_i (1[i = j] - w_j) / temperature, (n, n); 0 at temperature 0. */
export function softmaxJacobian(weights, temperature) {
  const n = weights.length;
  const out = new Float64Array(n * n);
  if (temperature > 0) for (let k = 0; k < n * n; k++) {
    const [i, j] = [Math.floor(k / n), k % n];
    out[k] = (weights[i] * ((i === j ? 1 : 0) - weights[j])) / temperature;
  }
  return out;
}

/** Dot product, lengths, cosine and angle (degrees) of two vectors; no cosine (NaN) if one has length 0. */
export function compare(u, v) {
  const d = u.length;
  const product = (a, b) => matmulT(a, b, 1, 1, d)[0];
  const lengths = [Math.sqrt(product(u, u)), Math.sqrt(product(v, v))];
  const [a, b] = lengths;
  const dot = product(u, v);
  let [apart, together] = [0, 0]; // squared lengths of the unit vectors' difference and sum: exact for small angles too
  for (let c = 0; c < d; c++) {
    apart += (u[c] / a - v[c] / b) ** 2;
    together += (u[c] / a + v[c] / b) ** 2;
  }
  return { dot, lengths, cosine: dot / (a * b), angle: (Math.atan2(Math.sqrt(apart), Math.sqrt(together)) * 360) / Math.PI };
}

// Numbers to and from text.

export const LARGEST = 1e12; // size of a typed number

/** The number that was typed, with a point or a comma; null if it is none, or out of bounds. */
export function parse(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return null;
  const number = Number(plain);
  return Math.abs(number) <= LARGEST ? number : null;
}

/** A number for people: whole numbers in full, others with 4 digits or so, without trailing zeros. */
export function text(x) {
  const size = Math.abs(x);
  let plain;
  if (size >= 1e7 || (size > 0 && size < 5e-4)) plain = x.toExponential(size >= 1e7 ? 3 : 1).replace("+", "").replace(/\.?0+e/, "e");
  else if (Number.isInteger(x)) plain = String(x);
  else plain = String(Number(x.toFixed(size < 10 ? 4 - (size >= 1) : size < 100 ? 2 : 1)));
  return plain.replaceAll("-", "−");
}
