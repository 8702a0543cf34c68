import assert from "node:assert/strict";
import test from "node:test";
import { baseAt, baseIndex, cost, gcd, grouped, including, nearestIndex, PARTS, POWERS, share, sinusoidal, SIZES, spoken, total } from "../src/layers-maths.js";

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
  assert.deepEqual([5, 999949, 999950, 54988800, 999949999, 999950000, 4.1e11].map(spoken),
    ["5", "999,949", "1.0 million", "55.0 million", "999.9 million", "1.0 billion", "410.0 billion"]);
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
