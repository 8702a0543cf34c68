import assert from "node:assert/strict";
import test from "node:test";
import { Beginning, beamSearch, drawn, greedy, logSoftmax, sample, tempered, truncate, uniform } from "../src/maths/decoding.js";

globalThis.HTMLElement ??= class {}; // what draws is loaded, nothing is drawn
const { layOut, treeHeight } = await import("../src/elements/beam-tree.js");

/** A model made by hand: what comes next, by the ids so far. A missing entry says <eos>. */
function model(table, size = 6) {
  let asked = 0;
  const next = (step, id) => {
    asked++;
    const ids = [...(step?.ids ?? []), id];
    const row = table[ids.slice(1).join(" ")] ?? { 2: 1 };
    return { ids, logs: Float64Array.from({ length: size }, (_, word) => Math.log(row[word] ?? 0)) };
  };
  return { root: new Beginning(next), asked: () => asked };
}

// Greed takes 4 (.5), then 4 (.4): .20; the best sentence is 5 (.4), <eos> (.9): .36.
const TABLE = { "": { 4: 0.5, 5: 0.4, 2: 0.1 }, 4: { 4: 0.4, 5: 0.3, 2: 0.3 }, 5: { 2: 0.9, 4: 0.1 } };
const found = (end) => [end.ids.join(" "), Number(Math.exp(end.logProbability).toFixed(6))];

test("greed loses, a beam of 2 finds .36", () => {
  assert.deepEqual(found(greedy(model(TABLE).root)), ["4 4", 0.2]);
  assert.deepEqual(beamSearch(model(TABLE).root, 1).found.map(found), [["4 4", 0.2]]);
  assert.deepEqual(beamSearch(model(TABLE).root, 2).found.map(found), [["5", 0.36], ["4 4", 0.2]]);
});

test("a beam is as wide as told, ends when no other can win, and remembers what it dropped", () => {
  const { root, asked } = model(TABLE);
  const { columns } = beamSearch(root, 2);
  const ids = (some) => some.map((one) => one.path.slice(1).map(({ id }) => id).join(""));
  assert.deepEqual(columns.map(({ kept }) => ids(kept)), [["4", "5"], ["52", "44"], ["442"]]);
  assert.deepEqual(columns.map(({ dropped }) => ids(dropped)), [["2"], ["42", "45"], []]);
  assert.equal(asked(), 4, "each beginning is asked once, a dropped one never");
});

test("of equal ones the earlier comes first; impossible words do not come", () => {
  const even = { "": { 3: 0.25, 4: 0.25, 5: 0.25, 2: 0.25 } };
  assert.deepEqual(beamSearch(model(even).root, 3).columns[0].kept.map(({ id }) => id), [2, 3, 4]);
  assert.deepEqual(beamSearch(model({}).root, 3).found.map(found), [["", 1]]);
  assert.equal(greedy(model(even).root).id, 2);
});

test("the longest length ends a sentence that does not", () => {
  const endless = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [Array(n).fill(4).join(" "), { 4: 1 }]));
  for (const end of [greedy(model(endless).root, 5), sample(model(endless).root, { longest: 5 }), beamSearch(model(endless).root, 2, 5).found[0]]) {
    assert.deepEqual(end.ids, [4, 4, 4, 4, 4]);
    assert.equal(end.ended, false);
  }
});

test("draws follow the temperature, the cuts and the seed", () => {
  const many = (options) => Array.from({ length: 2000 }, (_, seed) => sample(model(TABLE).root, { ...options, seed }).path[1].id);
  const share = (ids, id) => ids.filter((one) => one === id).length / ids.length;
  assert.ok(Math.abs(share(many({}), 5) - 0.4) < 0.04);
  assert.ok(Math.abs(share(many({ temperature: 0.5 }), 5) - 0.16 / 0.42) < 0.04);
  assert.ok(Math.abs(share(many({ topK: 2 }), 5) - 4 / 9) < 0.04);
  assert.equal(share(many({ topP: 0.45 }), 4), 1);
  assert.equal(share(many({ temperature: 0 }), 4), 1);
  assert.deepEqual(many({}), many({}));
});

test("parts", () => {
  assert.deepEqual(Array.from(logSoftmax([1000, 1000, -Infinity])), [-Math.LN2, -Math.LN2, -Infinity]);
  const cut = (...how) => Array.from(truncate([0.1, 0.5, 0.1, 0.3], ...how), (p) => Number(p.toFixed(4)));
  assert.deepEqual(cut(2), [0, 0.625, 0, 0.375]);
  assert.deepEqual(cut(0, 0.9), [0.1111, 0.5556, 0, 0.3333]);
  assert.deepEqual([...truncate([0.25, 0.25, 0.25, 0.25], 0, 0.5)], [0.5, 0.5, 0, 0]);
  assert.deepEqual([...tempered(Float64Array.of(-1, -0.5, -0.5), 0)], [0, 1, 0]);
  assert.equal(drawn([0, 0.5, 0.5], 0), 1);
  assert.equal(drawn([0.5, 0.5, 0], 0.999999), 1);
  assert.deepEqual(Array.from({ length: 3 }, uniform(1)).map((u) => Number(u.toFixed(6))), [0.627074, 0.002736, 0.527447]);
});

test("the tree: a column for each step, parents left of children, nothing overlaps", () => {
  const { root } = model(TABLE);
  const { columns } = beamSearch(root, 2);
  const { width, height, nodes } = layOut(columns, root, (id) => "wordy".repeat(id % 3 + 1));
  assert.equal(nodes.length, 1 + columns.reduce((sum, { kept, dropped }) => sum + kept.length + dropped.length, 0));
  assert.ok(height <= treeHeight(2));
  for (const { parent, x, w, y, beginning } of nodes) {
    assert.equal(parent?.beginning, beginning.before ?? undefined);
    if (parent) assert.ok(parent.x + parent.w < x);
    assert.ok(x >= 0 && x + w <= width && y > 0 && y < height);
  }
  for (const a of nodes) for (const b of nodes) if (a !== b && a.x === b.x) assert.ok(Math.abs(a.y - b.y) >= 24);
});
