import assert from "node:assert/strict";
import test from "node:test";
import {
  baseAt, baseIndex, cost, field, gcd, grouped, including, KINDS, layerCosts, LAYERS, nearestIndex, PARTS, POWERS, reads, share, sinusoidal, sizesTo, spoken, total,
} from "../src/maths/layers.js";

const SIZES = sizesTo(4096);

test("an attention layer's parts, by hand", () => {
  const { shapes, operations, bytes, exponentials, parameters } = cost({ n: 2, m: 3, d_model: 4, h: 2 }, 8);
  assert.deepEqual(Object.keys(operations), PARTS);
  assert.deepEqual(Object.values(shapes), [[2, 4], [3, 4], [3, 4], [2, 2, 3], [2, 2, 3], [2, 2, 2], [2, 4]]);
  assert.deepEqual(Object.values(operations), [32, 48, 48, 24, 0, 24, 32]);
  assert.deepEqual(Object.values(bytes), [64, 96, 96, 96, 96, 64, 64]);
  assert.deepEqual([exponentials, parameters, total(operations)], [12, 64, 208]);
  assert.equal(share(operations, ["scores", "output"]), 4800 / 208);
});

test("without m there are as many keys as queries", () => {
  assert.deepEqual(cost({ n: 50, m: null, d_model: 512, h: 8 }, 4), cost({ n: 50, m: 50, d_model: 512, h: 8 }, 4));
  assert.equal(total(cost({ n: 50, m: null, d_model: 512, h: 8 }, 4).operations), 54988800);
});

test("the largest counts are exact", () => {
  const { operations, bytes } = cost({ n: 4096, m: 4096, d_model: 4096, h: 4096 }, 8);
  for (const count of [operations, bytes]) assert.ok(Object.values(count).every(Number.isSafeInteger) && Number.isSafeInteger(total(count)));
  assert.equal(total(operations), 6 * 2 ** 36);
});

test("a slider's stops double at every third, and the author's value joins them", () => {
  for (const stop of [1, 50, 100, 200, 512, 1024, 4096]) assert.ok(SIZES.includes(stop), stop);
  assert.deepEqual(SIZES, [...SIZES].sort((a, b) => a - b));
  assert.equal(SIZES.at(-1), 4096);
  assert.deepEqual(sizesTo(65536).slice(-3), [40960, 51200, 65536]);
  for (let k = SIZES.indexOf(4); k + 3 < SIZES.length; k++) assert.ok(Math.abs(SIZES[k + 3] - 2 * SIZES[k]) <= 1, SIZES[k]);
  assert.deepEqual(including([2, 4, 8], 6), [2, 4, 6, 8]);
  assert.deepEqual(including(POWERS, 64), POWERS);
});

test("a slider stands at the stop that is nearest", () => {
  SIZES.forEach((stop, k) => assert.equal(nearestIndex(SIZES, stop), k));
  assert.equal(SIZES[nearestIndex(SIZES, 1000)], 1024);
  assert.equal(SIZES[nearestIndex(SIZES, 1)], 1);
});

test("heads that divide both widths", () => {
  assert.deepEqual([gcd(12, 512), gcd(8, 512), gcd(8, 4), gcd(1, 7)], [4, 8, 4, 1]);
});

test("numbers for people", () => {
  assert.deepEqual([0, 999, 2560000, 7498.942].map(grouped), ["0", "999", "2,560,000", "7,498.9"]);
  assert.deepEqual([5, 999949, 999950, 54988800, 999949999, 999950000, 4.1e11, 2199023255552].map(spoken),
    ["5", "999,949", "1.0 million", "55.0 million", "999.9 million", "1.0 billion", "410.0 billion", "2.2 trillion"]);
});

test("sines and cosines, by hand and in both layouts", () => {
  const near = (a, b) => a.forEach((x, k) => assert.ok(Math.abs(x - b[k]) < 1e-15, `${x} ${b[k]}`));
  const [s, c] = [Math.sin, Math.cos];
  near(sinusoidal(2, 4, 10000, "interleaved"), [0, 1, 0, 1, s(1), c(1), s(0.01), c(0.01)]);
  near(sinusoidal(2, 4, 10000, "concatenated"), [0, 0, 1, 1, s(1), s(0.01), c(1), c(0.01)]);
  near(sinusoidal(2, 4, 1, "interleaved"), [0, 1, 0, 1, s(1), c(1), s(1), c(1)]);
});

test("the base's slider goes from 1 to a million, and back to where it was", () => {
  assert.deepEqual([0, 1, 10, 40, 60].map(baseAt), [1, 1.3, 10, 10000, 1e6]);
  for (let k = 0; k <= 60; k++) assert.equal(baseIndex(baseAt(k)), k);
});

test("layers by hand, as the table counts and with all multiply-adds", () => {
  const sizes = { n: 7, d: 4, k: 3, r: 5 };
  const table = layerCosts({ ...sizes, count: "table" });
  assert.deepEqual(Object.keys(table.operations), LAYERS);
  assert.deepEqual(Object.values(table.operations), [196, 112, 336, 140]);
  assert.deepEqual([table.cheapest, Object.values(table.crossings)], [["recurrent"], [4, 12, 5]]);
  assert.deepEqual([table.sees, table.sequential, table.path, table.parameters].map(Object.values), [[7, 7, 3, 5], [1, 7, 1, 1], [1, 7, 2, 2], [64, 32, 48, 64]]);
  assert.equal(table.contiguous, 3);
  const all = layerCosts({ ...sizes, count: "all" });
  assert.deepEqual(Object.values(all.operations), [392 + 448, 224, 336, 280 + 448]);
  assert.deepEqual(Object.values(all.crossings), [0, 0, 5]);
  assert.equal(layerCosts({ ...sizes, k: 9, count: "all" }).crossings.convolutional, 10);
});

test("a window wider than the row is the whole row, and a draw names both", () => {
  const { operations, cheapest, sees, path } = layerCosts({ n: 3, d: 8, k: 5, r: 4, count: "table" });
  assert.equal(operations["restricted self-attention"], operations["self-attention"]);
  assert.deepEqual(cheapest, ["self-attention", "restricted self-attention"]);
  assert.deepEqual([sees.convolutional, sees["restricted self-attention"], path.convolutional], [3, 3, 1]);
});

test("the largest costs of layers are exact", () => {
  const { operations, parameters } = layerCosts({ n: 65536, d: 4096, k: 64, r: 4096, count: "all" });
  assert.ok([...Object.values(operations), ...Object.values(parameters)].every(Number.isSafeInteger));
});

test("what a position reads in the row below", () => {
  const settings = { n: 10, k: 3, window: 5 };
  const at = (i, level = 1) => KINDS.map((kind) => reads(kind, settings, level, i));
  assert.deepEqual(at(4), [[3, 5, 1], [3, 5, 1], [4, 4, 1], [0, 9, 1], [2, 6, 1], [0, 4, 1]]);
  assert.deepEqual(at(0), [[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 9, 1], [0, 2, 1], [0, 0, 1]]);
  assert.deepEqual(reads("dilated cnn", settings, 2, 4), [1, 7, 3]);
  assert.deepEqual(reads("dilated cnn", settings, 2, 2), [2, 5, 3]);
  assert.deepEqual(reads("dilated cnn", { ...settings, k: 5 }, 2, 6), [1, 9, 5]);
});

test("receptive fields by hand", () => {
  const settings = { n: 6, layers: 2, k: 3, window: 3, position: 2 };
  const [cnn, dilated, rnn, full, windowed, causal] = KINDS.map((kind) => field(kind, settings, 10));
  assert.deepEqual(cnn.reach.map((row) => row.join("")), ["111110", "011100", "001000"]);
  assert.deepEqual(dilated.reach.map((row) => row.join("")), ["011111", "001001", "001000"]);
  assert.deepEqual(rnn.reach.map((row) => row.join("")), ["111000", "111000", "111000"]);
  assert.deepEqual(full.reach.map((row) => row.join("")), ["111111", "111111", "001000"]);
  assert.deepEqual(windowed.reach, cnn.reach);
  assert.deepEqual(causal.reach.map((row) => row.join("")), ["111000", "111000", "001000"]);
  assert.deepEqual([cnn, dilated, rnn, full, windowed, causal].map((now) => now.connections), [32, 16 + 12, 22, 72, 32, 42]);
  assert.deepEqual([cnn, rnn, causal].map((now) => now.operations), [3200, 2200, 42 * 20 + 2 * 4 * 6 * 100]);
  assert.deepEqual([cnn, rnn].map(({ sequential, path }) => [sequential, path]), [[2, 2], [7, 4]]);
  assert.deepEqual([cnn, dilated, rnn, full, windowed, causal].map((now) => now.needed), [3, null, null, 1, 3, null]);
});

test("layers to see all: 13 against 3, and never", () => {
  const needed = (kind, n, k, position) => field(kind, { n, layers: 1, k, window: k, position }, 1).needed;
  assert.deepEqual(["cnn", "dilated cnn"].map((kind) => needed(kind, 27, 3, 13)), [13, 3]);
  assert.deepEqual(["rnn", "causal self-attention"].map((kind) => needed(kind, 9, 3, 8)), [1, 1]);
  assert.equal(needed("cnn", 9, 1, 4), null);
});
