// The numbers of the widgets about layers, without their pages.

/** The index of what is nearest to x in a list, on a logarithmic scale: where a slider over the list stands. */
export function nearestIndex(list, x) {
  const away = list.map((stop) => Math.abs(Math.log(stop / x)));
  return away.indexOf(Math.min(...away));
}

export const MOST = 4096;
export const POWERS = Array.from({ length: 13 }, (_, k) => 2 ** k); // of two, to MOST

/** Sizes to choose from: round ones, of which every third is a doubling. */
export const sizesTo = (most) => [...new Set(Array.from({ length: 17 }, (_, k) => [1, 1.25, 1.5625].map((x) => Math.floor(x * 2 ** k))).flat())].filter((size) => size <= most);

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
  const units = { million: 1e6, billion: 1e9, trillion: 1e12 };
  const name = Object.keys(units).findLast((unit) => x >= 0.99995 * units[unit]); // which would round to 1000.0 of the unit before
  return name ? `${(x / units[name]).toFixed(1)} ${name}` : grouped(x);
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

export const LAYERS = ["self-attention", "recurrent", "convolutional", "restricted self-attention"];

/** What layers cost and see; the same as LayerCosts in Python. n need not be whole. */
export function layerCosts({ n, d, k, r, count }) {
  const named = (values, names = LAYERS) => Object.fromEntries(names.map((layer, i) => [layer, values[i]]));
  const read = Math.min(r, n);
  const projections = 4 * n * d * d;
  const operations = named(count === "table" ? [n * n * d, n * d * d, k * n * d * d, read * n * d]
    : [2 * n * n * d + projections, 2 * n * d * d, k * n * d * d, 2 * read * n * d + projections]);
  const least = Math.min(...Object.values(operations));
  const toSpan = (width) => Math.max(1, Math.ceil((n - 1) / (width - 1))); // layers of that width until n positions are in reach
  let dilated = 1;
  while (k ** dilated < n) dilated++;
  return {
    operations,
    cheapest: LAYERS.filter((layer) => operations[layer] === least),
    crossings: named(count === "table" ? [d, k * d, r] : [0, Math.max(0, ((k - 4) * d) / 2), r], LAYERS.slice(1)), // self-attention costs more from here on
    sees: named([n, n, Math.min(k, n), read]),
    sequential: named([1, n, 1, 1]),
    path: named([1, n, dilated, toSpan(r)]),
    contiguous: toSpan(k),
    parameters: named([4, 2, k, 4].map((factor) => factor * d * d)),
  };
}

export const KINDS = ["cnn", "dilated cnn", "rnn", "self-attention", "windowed self-attention", "causal self-attention"];

/** What position i of a layer (the lowest is 1) reads in the row below: [first, last, step]. */
export function reads(kind, { n, k, window }, level, i) {
  const step = kind === "dilated cnn" ? k ** (level - 1) : 1;
  const side = { cnn: k >> 1, "dilated cnn": (k >> 1) * step, rnn: 0, "windowed self-attention": window >> 1 }[kind] ?? n;
  return [i - step * Math.floor(Math.min(i, side) / step), Math.min(kind === "causal self-attention" ? i : n - 1, i + side), step];
}

/** The number of layers with which the position sees every input; null: it never does. */
function layersToSeeAll(kind, settings) {
  const { n, position } = settings;
  let seen = Array.from({ length: n }, (_, i) => [kind === "rnn" ? 0 : i, i]); // by each position: without gaps
  for (let level = 1; ; level++) {
    const more = seen.map((own, i) => {
      const [first, last, step] = reads(kind, settings, level, i);
      let [low, high] = own;
      for (let j = first; j <= last; j += step) [low, high] = [Math.min(low, seen[j][0]), Math.max(high, seen[j][1])];
      return [low, high];
    });
    if (more[position][1] - more[position][0] === n - 1) return level;
    if (String(more) === String(seen)) return null;
    seen = more;
  }
}

/** What a position sees through layers of a kind, and what they cost; the same as ReceptiveField in Python. */
export function field(kind, settings, d) {
  const { n, layers, k, window, position } = settings;
  const recurrent = kind === "rnn";
  const reach = Array.from({ length: layers + 1 }, () => new Uint8Array(n)); // row by row, the input first
  reach[layers].fill(1, recurrent ? 0 : position, position + 1); // a recurrence also runs along its row
  let connections = recurrent ? layers * (n - 1) : 0;
  for (let level = layers; level > 0; level--) {
    for (let i = 0; i < n; i++) {
      const [first, last, step] = reads(kind, settings, level, i);
      connections += Math.floor((last - first) / step) + 1;
      if (reach[level][i]) for (let j = first; j <= last; j += step) reach[level - 1][j] = 1;
    }
  }
  return {
    reach, connections, sees: reach[0], needed: layersToSeeAll(kind, settings),
    operations: kind.includes("attention") ? 2 * d * connections + layers * 4 * n * d * d : connections * d * d,
    sequential: layers + (recurrent ? n - 1 : 0),
    path: layers + (recurrent ? position : 0),
  };
}
