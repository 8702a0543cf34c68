import assert from "node:assert/strict";
import test from "node:test";
import * as maths from "../src/maths/attention.js";

const rounded = (numbers, decimals = 2) => Array.from(numbers, (x) => Number(x.toFixed(decimals)));
const softmax = (scores, mask, temperature) => maths.softmaxRows(scores, 1, scores.length, mask, temperature);

test("decode divides integers by a power of ten", () => {
  const { shape, data } = maths.decode({ shape: [2, 2], digits: 3, data: [1234, -5, 0, 100000] });
  assert.deepEqual(shape, [2, 2]);
  assert.deepEqual([...data], [1.234, -0.005, 0, 100]);
});

test("matrix products, worked by hand", () => {
  assert.deepEqual([...maths.matmulT([1, 2, 3, 4], [5, 6, 7, 8, 9, 10], 2, 3, 2)], [17, 23, 29, 39, 53, 67]);
  assert.deepEqual([...maths.matmul([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], 2, 3, 2)], [22, 28, 49, 64]);
});

test("scale factors", () => {
  assert.deepEqual(["1", "1/sqrt(d_k)", "1/d_k"].map((scale) => maths.scaleFactor(scale, 64)), [1, 0.125, 0.015625]);
  assert.throws(() => maths.scaleFactor("sqrt", 64), RangeError);
});

test("softmax of 14 and 12 is .88 and .12, of each row by itself", () => {
  assert.deepEqual(rounded(maths.softmaxRows([14, 12, 12, 14], 2, 2)), [0.88, 0.12, 0.12, 0.88]);
});

test("softmax of one score is 1, of large scores is finite", () => {
  assert.deepEqual([...softmax([-7])], [1]);
  assert.deepEqual([...softmax([1e4, 0])], [1, 0]);
  assert.deepEqual([...softmax([-1e308, -1e308])], [0.5, 0.5]);
  assert.deepEqual([...softmax([1e308, -1e308])], [1, 0]);
});

test("a masked key gets 0 however large its score; a row that is masked throughout is all 0", () => {
  assert.deepEqual(rounded(softmax([1e4, 14, 12], [0, 1, 1])), [0, 0.88, 0.12]);
  assert.deepEqual([...maths.softmaxRows([1, 2, 3, 3], 2, 2, [0, 0, 1, 1])], [0, 0, 0.5, 0.5]);
});

test("temperature: 1 as it is, 2 halves the scores; 0 is the hard maximum, Infinity is uniform", () => {
  assert.deepEqual(softmax([14, 12], null, 2), softmax([7, 6], null, 1));
  assert.deepEqual([...softmax([14, 12, 14], null, 0)], [0.5, 0, 0.5]);
  assert.deepEqual([...softmax([14, 12], null, Infinity)], [0.5, 0.5]);
});

test("masks: one row of digits a query, 1 = may attend", () => {
  const rows = (mask, n, m, options) => {
    const may = maths.buildMask(mask, n, m, options);
    return Array.from({ length: n }, (_, i) => may.slice(i * m, (i + 1) * m).join("")).join(" ");
  };
  const padding = [0, 0, 1];
  const given = [1, 0, 1, 0, 1, 1, 1, 1, 0];
  assert.equal(maths.buildMask("none", 3, 3, { padding, given }), null);
  assert.equal(rows("causal", 3, 3), "100 110 111");
  assert.equal(rows("causal", 2, 4), "1000 1100");
  assert.equal(rows("window", 4, 4, { window: 3 }), "1100 1110 0111 0011");
  assert.equal(rows("window", 3, 3, { window: 1 }), "100 010 001");
  assert.equal(rows("padding", 3, 3, { padding }), "110 110 110");
  assert.equal(rows("given", 3, 3, { given }), "101 011 110");
  assert.equal(rows("causal+padding+window+given", 3, 3, { window: 3, padding, given }), "100 010 010");
  assert.deepEqual(maths.maskNames("causal+window"), ["causal", "window"]);
});

test("the popular mistakes: what leaks and what no longer sums to 1", () => {
  const scores = [0, Math.log(3), 0];
  const weights = (method) => rounded(maths.attentionWeights(scores, 1, 3, { mask: [1, 0, 1], method }), 4);
  assert.deepEqual(weights("-inf"), [0.5, 0, 0.5]);
  assert.deepEqual(weights("zero scores"), [0.3333, 0.3333, 0.3333]);
  assert.deepEqual(weights("zero weights"), [0.2, 0, 0.2]);
  assert.deepEqual(weights("zero weights, renormalised"), [0.5, 0, 0.5]);
  const nothing = maths.attentionWeights(scores, 1, 3, { mask: [0, 0, 0], method: "zero weights, renormalised" });
  assert.deepEqual([...nothing], [0, 0, 0]);
  for (const method of maths.METHODS) {
    assert.deepEqual(maths.attentionWeights(scores, 1, 3, { method }), softmax(scores), `${method}, without a mask`);
  }
});

test("entropy in bits", () => {
  assert.equal(maths.entropy([1, 0, 0]), 0);
  assert.equal(maths.entropy([0.25, 0.25, 0.25, 0.25]), 2);
  assert.equal(maths.entropy([0, 0]), 0);
});
