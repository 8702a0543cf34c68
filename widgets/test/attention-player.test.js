import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, text } from "../src/maths/attention.js";
import { attention, products, rounded, sum, vector } from "../src/maths/player.js";

const matrix = (...rows) => ({ shape: [rows.length, rows[0].length], data: Float64Array.from(rows.flat()) });

const THINKING_MACHINES = {
  X: matrix([1, 2, 0, 1], [0, 1, 1, 2]),
  W_q: matrix([1, 2, 0], [0, 3, 0], [2, 0, 0], [0, 0, 2]),
  W_k: matrix([1, 3, 0], [0, 3, 2], [0, 0, 3], [1, 3, 3]),
  W_v: matrix([1, 0, 2], [0, 2, 0], [1, 0, 1], [2, 1, 0]),
};

test("the example of the notes: 112 and 96, 14 and 12, 0.88 and 0.12", () => {
  const { Q, K, V, scores, scaled, weights, output } = attention(THINKING_MACHINES, {}, 8);
  assert.deepEqual([...Q.data], [1, 8, 2, 2, 3, 4]);
  assert.deepEqual([...K.data], [2, 12, 7, 2, 9, 11]);
  assert.deepEqual([...V.data], [3, 5, 2, 5, 4, 1]);
  assert.deepEqual([...scores.data.slice(0, 2)], [112, 96]);
  assert.deepEqual([...scaled.data.slice(0, 2)], [14, 12]);
  assert.deepEqual(Array.from(weights.data.slice(0, 2), (w) => w.toFixed(2)), ["0.88", "0.12"]);
  const [w1, w2] = weights.data;
  [3 * w1 + 5 * w2, 5 * w1 + 4 * w2, 2 * w1 + w2].forEach((z, c) => assert.ok(Math.abs(output.data[c] - z) < 1e-12));
});

test("an edit counts from there on, not before", () => {
  const { X, Q, scores, scaled, weights } = attention(THINKING_MACHINES, { "scores[0,1]": 112 }, 8);
  assert.equal(X.data[1], 2);
  assert.equal(Q.data[1], 8);
  assert.equal(scores.computed[1], 96);
  assert.equal(scores.data[1], 112);
  assert.equal(scaled.data[1], 14);
  assert.deepEqual([...weights.data.slice(0, 2)], [0.5, 0.5]);
  assert.equal(THINKING_MACHINES.X.data[1], 2);
});

test("edits of inputs and of weights", () => {
  const edits = { "X[1,3]": 0, "weights[0,0]": 2, "weights[0,1]": 0 };
  const { K, weights, output } = attention(THINKING_MACHINES, edits, 8);
  assert.deepEqual([...K.data.slice(3)], [0, 3, 5]);
  assert.deepEqual([...weights.data.slice(0, 2)], [2, 0]);
  assert.deepEqual([...output.data.slice(0, 3)], [6, 10, 4]);
});

test("numbers as text", () => {
  const shown = {
    112: "112", "-3": "−3", 0.881797: "0.8818", 3.2384: "3.238", 58.1934: "58.19", 1234.56: "1234.6", 1365359: "1365359",
    "1.1e-7": "1.1e−7", "4.3759e48": "4.376e48", 0.1: "0.1", "-0.00001": "−1e−5",
  };
  for (const [number, expected] of Object.entries(shown)) assert.equal(text(Number(number)), expected);
  assert.equal(text(-0), "0");
  assert.equal(vector([1, -0.5]), "[1, −0.5]");
  assert.equal(products([1, -2], [3, 4]), "1 × 3 + (−2) × 4");
  assert.equal(sum([1, -2]), "1 + (−2)");
  assert.equal(text(rounded(-1e-5)), "0");
  assert.equal(rounded(0.88079, 4), 0.8808);
  assert.equal(rounded(1e21), 1e21);
});

test("text as numbers", () => {
  const typed = { "3": 3, " -0.5 ": -0.5, "−2": -2, "1,5": 1.5, ".5": 0.5, "1e3": 1000, "+7": 7, "2.": 2 };
  for (const [string, expected] of Object.entries(typed)) assert.equal(parse(string), expected);
  for (const string of ["", " ", "-", "abc", "1 2", "0x10", "Infinity", "NaN", "1e13", "1,2,3"]) assert.equal(parse(string), null);
});
