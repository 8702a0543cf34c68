// The numbers of <attention-cost> and <position-map>, without their pages.

/** The index of what is nearest to x in a list, on a logarithmic scale: where a slider over the list stands. */
export function nearestIndex(list, x) {
  const away = list.map((stop) => Math.abs(Math.log(stop / x)));
  return away.indexOf(Math.min(...away));
}

export const MOST = 4096;
export const POWERS = Array.from({ length: 13 }, (_, k) => 2 ** k); // of two, to MOST

/** Sizes to choose from: round ones, of which every third is a doubling. */
export const SIZES = [...new Set(POWERS.flatMap((power) => [1, 1.25, 1.5625].map((x) => Math.floor(x * power))))].filter((size) => size <= MOST);

/** The list with the author's own value, in order. */
export const including = (list, value) => [...new Set([...list, value])].sort((a, b) => a - b);

export const gcd = (a, b) => (b ? gcd(b, a % b) : a);

export const PARTS = ["queries", "keys", "values", "scores", "softmax", "output", "join"];

/** What each part of an attention layer makes and costs; the same as AttentionCost in Python. All integers, exact in float64. */
export function cost({ n, m, d_model: d, h }, bytesPerNumber) {
  m ??= n;
  const named = (values) => Object.fromEntries(PARTS.map((part, k) => [part, values[k]]));
  const shapes = named([[n, d], [m, d], [m, d], [h, n, m], [h, n, m], [h, n, d / h], [n, d]]);
  return {
    shapes,
    operations: named([n * d * d, m * d * d, m * d * d, n * m * d, 0, n * m * d, n * d * d]), // multiply-adds
    bytes: named(PARTS.map((part) => shapes[part].reduce((a, b) => a * b) * bytesPerNumber)),
    exponentials: h * n * m,
    parameters: 4 * d * d,
  };
}

export const total = (count) => Object.values(count).reduce((a, b) => a + b);

/** What some parts have of a count, in percent. */
export const share = (count, parts) => (100 * parts.reduce((sum, part) => sum + count[part], 0)) / total(count);

/** 2,560,000 */
export const grouped = (x) => x.toLocaleString("en-US", { maximumFractionDigits: 1 });

/** A large count for people: "55.0 million". */
export function spoken(x) {
  const [unit, name] = x >= 999.95e6 ? [1e9, " billion"] : [1e6, " million"];
  return x < 999950 ? grouped(x) : (x / unit).toFixed(1) + name;
}

/** The position vectors, row-major (n, d): sines and cosines of p / base^(2i / d), in pairs or one after the other. */
export function sinusoidal(n, d, base, layout) {
  const table = new Float64Array(n * d);
  const half = d / 2;
  for (let i = 0; i < half; i++) {
    const [sin, cos] = layout === "interleaved" ? [2 * i, 2 * i + 1] : [i, half + i];
    const slower = base ** ((2 * i) / d);
    for (let p = 0; p < n; p++) {
      table[p * d + sin] = Math.sin(p / slower);
      table[p * d + cos] = Math.cos(p / slower);
    }
  }
  return table;
}

// The base's slider is logarithmic: position k is 10^(k/10), to two digits.
export const baseAt = (k) => Number((10 ** (k / 10)).toPrecision(2));
export const baseIndex = (base) => Math.round(10 * Math.log10(base));
