import assert from "node:assert/strict";
import test from "node:test";
import { asNumber, compare, positionOf, softmaxJacobian, softmaxRows, temperatureAt } from "../src/maths/attention.js";

const softmax = (scores, temperature) => softmaxRows(scores, 1, scores.length, null, temperature);

test("the temperature slider goes from 0 to inf, and back to where it was", () => {
  assert.deepEqual([-41, -40, -20, 0, 20, 40, 41].map((position) => temperatureAt(position)), [0, 0.01, 0.1, 1, 10, 100, "inf"]);
  for (let position = -41; position <= 41; position++) assert.equal(positionOf(temperatureAt(position)), position);
  assert.deepEqual([1e-6, 1e6].map(positionOf), [-40, 40]);
  assert.deepEqual([temperatureAt(1), temperatureAt(1, 3)], [1.1, 1.12]);
  assert.deepEqual([0, 2.5, "inf"].map(asNumber), [0, 2.5, Infinity]);
});

for (const temperature of [0.5, 1, 3]) {
  test(`the Jacobian is the limit of small changes, temperature ${temperature}`, () => {
    const scores = Float64Array.of(-3, 2, -1, 0, 2.5);
    const n = scores.length;
    const slopes = softmaxJacobian(softmax(scores, temperature), temperature);
    for (let j = 0; j < n; j++) {
      const moved = (by) => softmax(scores.map((s, k) => (k === j ? s + by : s)), temperature);
      const [up, down] = [moved(1e-6), moved(-1e-6)];
      let sum = 0;
      for (let i = 0; i < n; i++) {
        assert.ok(Math.abs((up[i] - down[i]) / 2e-6 - slopes[i * n + j]) < 1e-8);
        sum += slopes[i * n + j];
      }
      assert.ok(Math.abs(sum) < 1e-15, "what one gains the others lose");
    }
  });
}

test("at both ends of the temperature no weight moves", () => {
  for (const temperature of [0, Infinity]) {
    assert.ok(softmaxJacobian(softmax([1, 2, 3], temperature), temperature).every((slope) => slope === 0));
  }
});

test("dot product, lengths, cosine and angle of two vectors", () => {
  const { dot, lengths, cosine, angle } = compare([3, 0], [3, 4]);
  assert.deepEqual([dot, lengths, cosine], [9, [3, 5], 0.6]);
  assert.ok(Math.abs(angle - 53.13010235415598) < 1e-12);
  assert.equal(compare([1, 2, 3], [2, 4, 6]).angle, 0);
  assert.equal(compare([1, 2], [-2, -4]).angle, 180);
  assert.ok(Math.abs(compare([1, 0], [1, 1e-9]).angle - 1e-9 * 180 / Math.PI) < 1e-20, "small angles are exact");
  const nothing = compare([0, 0], [1, 1]);
  assert.ok(nothing.dot === 0 && Number.isNaN(nothing.cosine) && Number.isNaN(nothing.angle));
});
