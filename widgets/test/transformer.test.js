import assert from "node:assert/strict";
import test from "node:test";
import { half, readSafetensors } from "../src/maths/safetensors.js";
import { Transformer } from "../src/maths/transformer.js";
import { allOn, differences, moved, news, pieces } from "../src/maths/translator.js";

const F16 = { dtype: "F16", shape: [2], data_offsets: [0, 4] };
const facts = (more) => ({ __metadata__: { facts: JSON.stringify(more) } });

/** A safetensors file with this header and these bytes after it. */
function file(header, data = [0, 0x3c, 0, 0xc0], { length } = {}) {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

test("float16: the special cases", () => {
  const said = [0x0000, 0x3c00, 0xc000, 0x3555, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00].map(half);
  assert.deepEqual(said, [0, 1, -2, 0.333251953125, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, Infinity, -Infinity]);
  assert.ok(Object.is(half(0x8000), -0) && Number.isNaN(half(0x7e00)));
});

test("a file is read, wherever in memory it begins", () => {
  const bytes = file({ ...facts({ kind: "x" }), a: F16, b: { dtype: "F32", shape: [1, 1], data_offsets: [4, 8] } }, [0, 0x3c, 0, 0xc0, 0, 0, 0xc0, 0x3f]);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  for (const view of [bytes, shifted.subarray(3)]) {
    const { facts: said, tensors } = readSafetensors(view);
    assert.deepEqual(said, { kind: "x" });
    assert.deepEqual(tensors, { a: { shape: [2], data: Float64Array.of(1, -2) }, b: { shape: [1, 1], data: Float64Array.of(1.5) } });
  }
});

const WRONG = {
  "empty": [new Uint8Array(0), "0 bytes hold no header"],
  "a page": [new TextEncoder().encode("<!doctype html><title>404</title>"), "33 bytes hold no header"],
  "a longer header": [file({}, [], { length: 99 }), "10 bytes hold no header"],
  "no JSON": [file("{]"), "the header is not JSON"],
  "no facts": [file({ a: F16 }), "what stands beside the weights is not JSON"],
  "another type": [file({ ...facts({}), a: { ...F16, dtype: "BF16" } }), "a is BF16, expected F16 or F32"],
  "cut off": [file({ ...facts({}), a: F16 }, [0, 0]), "a is cut off"],
  "another shape": [file({ ...facts({}), a: { ...F16, shape: [3] } }), "a is cut off"],
  "before the start": [file({ ...facts({}), a: { ...F16, data_offsets: [-4, 0] } }), "a is cut off"],
};
for (const [name, [bytes, why]] of Object.entries(WRONG)) {
  test(`a wrong file is refused: ${name}`, () => {
    assert.throws(() => readSafetensors(bytes), { message: `not the weights of a model: ${why}` });
  });
}

test("another model, or one without all its weights, is refused", () => {
  const config = { kind: "TransformerTranslator", config: {}, words: [[], []] };
  assert.throws(() => new Transformer({ facts: { ...config, kind: "Tagger" }, tensors: {} }), /expected a TransformerTranslator, got Tagger/);
  assert.throws(() => new Transformer({ facts: config, tensors: {} }), /the weights lack source.weight/);
});

test("a row moved by hand: one weight as told, the others as before in proportion, the sum 1", () => {
  assert.deepEqual(moved([0.5, 0.3, 0.2], 0, 0.2).map((w) => Number(w.toFixed(12))), [0.2, 0.48, 0.32]);
  assert.deepEqual(moved([1, 0, 0], 0, 0.5), [0.5, 0.25, 0.25], "nothing to go by: alike");
  assert.deepEqual(moved([1], 0, 0.2), [1], "one word alone has all");
  assert.deepEqual(moved(Float64Array.of(0.5, 0.5), 1, 1), [0, 1]);
  assert.deepEqual(allOn(1, 3), [0, 1, 0]);
  for (let j = 0; j < 5; j++) for (const weight of [0, 0.01, 0.37, 1]) {
    const row = moved([0.1, 0.2, 0, 0.3, 0.4], j, weight);
    assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12 && row[j] === weight && row.every((w) => w >= 0));
  }
});

const NEWS = [
  ["a b c", "a b c", "the translation stays the same"],
  ["il était large", "elle était large", "il becomes elle"],
  ["il était fatigué", "elle était fatiguée", "il becomes elle, fatigué becomes fatiguée"],
  ["a b", "a x b", "x comes in"],
  ["a x b", "a b", "x goes"],
  ["a b c", "", "a b c goes"],
  ["a b c d e f g", "A b C d E f G", "a becomes A, c becomes C, e becomes E, and more"],
];
for (const [before, after, said] of NEWS) {
  test(`news: ${said}`, () => {
    const [old, now] = [before, after].map((text) => text.split(" ").filter(Boolean));
    assert.equal(news(old, now), said);
    const all = pieces(old, now);
    assert.deepEqual(all.flatMap((piece) => piece.old), old);
    assert.deepEqual(all.flatMap((piece) => piece.now), now);
  });
}

test("what tells sentences apart", () => {
  assert.deepEqual(differences(["it was too tired", "it was too wide"]), ["tired", "wide"]);
  assert.deepEqual(differences(["a cat sleeps", "a black dog sleeps"]), ["cat", "black dog"]);
  assert.equal(differences(["a b c d", "e f g h"]), null, "too long to be a name");
  assert.equal(differences(["a b", "a b c"]), null, "one would have no name");
  assert.equal(differences(["a a", "a"]), null);
});
