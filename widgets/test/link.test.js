import assert from "node:assert/strict";
import test from "node:test";

import { checkLink, either, index, integer, list, number, oneOf, readLink, record, temperature, writeLink } from "../src/maths/link.js";
import { rowsKind } from "../src/maths/translator.js";

/** Numbers from 0 to below 1, the same on every run. */
function* random(seed = 1) {
  for (let a = seed; ; a = (a * 48271) % 2147483647) yield a / 2147483647;
}

const numbers = random();
const next = () => numbers.next().value;
const below = (n) => Math.floor(n * next());
const some = (n, make) => Array.from({ length: n }, make);
const signed = () => (next() - 0.5) * 10 ** (below(30) - 15);
const letters = ["a", "é", " ", "+", "&", "=", "#", "%", "/", ",", ":", "*", "_", "'", "<", "\"", "😀", "\\", "(", ")", ".", "~"];
const word = () => some(1 + below(8), () => letters[below(letters.length)]).join("");
const WORDS = ["chat", "l'", ",", "/", "<2en>", "%", "été"];
const SPEC = { sentences: ["un chat dort", "un chat"], depth: [2, 1], heads: 2 };

// Each kind, and values that it has.
const KINDS = {
  number: [number(-1e15, 1e15), signed],
  integer: [integer(1, 99, 2), () => 2 * below(50) + 1],
  index: [index(7), () => below(7)],
  oneOf: [oneOf(["1", "1/sqrt(d_k)", "zero weights, renormalised"]), () => ["1", "1/sqrt(d_k)", "zero weights, renormalised"][below(3)]],
  text: [{ write: String, read: String }, word],
  temperature: [temperature, () => [0, "inf", 1e-6, 0.01 + next()][below(4)]],
  list: [list(number(-1e15, 1e15), 3), () => some(3, signed)],
  record: [record({ write: ([key, x]) => `${key},${x}`, read: (text) => { const [key, x] = text.split(","); return [key, Number(x)]; } }),
    () => Object.fromEntries(some(below(4), (_, k) => [`k${k}`, signed()]))],
  rows: [rowsKind(SPEC, WORDS), () => [0, 1, some(1 + below(5), () => WORDS[below(WORDS.length)]).join(" ")].slice(0, below(4)).map((sentence) => {
    const m = (SPEC.sentences[sentence] ?? sentence).split(" ").length;
    const place = ["encoder", "decoder", "cross"][below(3)];
    const query = below(m);
    const weights = some(place === "decoder" ? query + 1 : m, () => 0.01 + next());
    const total = weights.reduce((a, b) => a + b);
    return { sentence, place, layer: 0, head: below(2), query, weights: weights.map((w) => w / total) };
  })],
};
const kinds = Object.fromEntries(Object.entries(KINDS).map(([name, [kind]]) => [name, kind]));
const state = () => Object.fromEntries(Object.entries(KINDS).map(([name, [, make]]) => [name, make()]));

test("what is written is read again", () => {
  for (let k = 0; k < 300; k++) {
    const [start, now] = [state(), state()];
    const hash = writeLink("attention-map", 12, kinds, now, start);
    const { element, position, pairs } = readLink(hash);
    assert.deepEqual([element, position], ["attention-map", 12]);
    const { values, refused } = checkLink(kinds, pairs);
    assert.deepEqual([...refused], [], hash);
    assert.deepEqual({ ...start, ...values }, now, hash);
    for (const name of Object.keys(values)) assert.notDeepEqual(values[name], start[name], "what does not differ is left out");
    assert.deepEqual(readLink(new URL(hash, "https://example.org/page.html").hash), { element, position, pairs }, "a browser changes nothing in it");
  }
});

test("a link is all of letters that programs take for a link", () => {
  for (let k = 0; k < 300; k++) {
    const hash = writeLink("attention-map", 2, kinds, state(), state());
    assert.match(hash, /^#attention-map-2(:[\w.,:/&=%+-]*[\w=])?$/);
  }
});

test("it is readable", () => {
  const start = { text: "", number: 0, list: [0, 0, 0], oneOf: "1" };
  const link = (now) => writeLink("live-translator", 1, kinds, { ...start, ...now }, start);
  assert.equal(link({}), "#live-translator-1");
  assert.equal(link({ text: "un chat", number: -0.5, list: [1, 2.5, -3] }), "#live-translator-1:number=-0.5&text=un+chat&list=1,2.5,-3");
  assert.equal(link({ text: "etc." }), "#live-translator-1:text=etc%2E", "a stop at the end would be taken for the sentence's");
  assert.equal(link({ oneOf: "1/sqrt(d_k)" }), "#live-translator-1:oneOf=1/sqrt%28d_k%29");
});

test("a program may escape all of it, or the colon", () => {
  const plain = "#softmax-bars-1:scores=1,-2,3&temperature=inf";
  const expected = readLink(plain);
  assert.deepEqual(expected.pairs, [["scores", "1,-2,3"], ["temperature", "inf"]]);
  assert.deepEqual(readLink(`#${encodeURIComponent(plain.slice(1))}`), expected);
  assert.deepEqual(readLink(plain.replace(":", "%3a")), expected);
  assert.deepEqual(readLink(plain.replaceAll(",", "%2C")), expected);
});

test("other hashes are no links", () => {
  for (const hash of ["", "#", "#words", "#attention-map", "#map-1", "#attention-map-2x", "#attention-map-99999", "#attention-map-2;a=1", "#a-b-c", "#-1", "#%"]) {
    const link = readLink(hash);
    assert.ok(link === null || link.element === "a-b", hash);
  }
  assert.equal(readLink("#a-b-c"), null);
  assert.deepEqual(readLink("#attention-map-2"), { element: "attention-map", position: 2, pairs: [] });
});

test("kinds refuse what they are not", () => {
  const refuses = (kind, ...texts) => { for (const text of texts) assert.equal(kind.read(text), undefined, text); };
  refuses(number(0, 1), "", " 1", "1 ", "0x1", "1,0", "-0.1", "1.1", "NaN", "Infinity", "1e999", "one", "--1", "1n", "١", ".", "e1", "0".repeat(9) + "x");
  refuses(integer(1, 9, 2), "2", "0", "11", "1.5", "-1", "");
  refuses(index(0), "0");
  refuses(oneOf(["a"]), "", "A", "a ", "length", "includes", "__proto__");
  refuses(either(oneOf(["inf"]), index(2)), "2", "Inf");
  refuses(temperature, "-1", "1e-7", "1e7", "Infinity", "");
  refuses(list(index(3), 2), "1", "1,2,0", "1,", "1,3", "");
  refuses(list(index(3)), "1,,2", ",", "1,2,3");
  refuses(kinds.rows, "0", "0,encoder", "9,encoder,0,0,0,1,0,0", "0,encoder,0,0,0,NaN,0,1", "0,encoder,0,0,,1,0,0", "0,decoder,1,0,0,1", "loup,encoder,0,0,0,1", "%,encoder,0,0,0,1", ",encoder,0,0,0,1", "0,encoder,0,0,0,2,0,0", "0,encoder,0,0,0,1,0,0/0,encoder,0,0,0,0,1,0");
  refuses(kinds.record, "a,1/a,2");
  assert.ok(Object.is(number(-1, 1).read("-0"), 0));
  assert.deepEqual(kinds.rows.read("0,encoder,0,0,0,1,1,0")[0].weights, [0.5, 0.5, 0], "weights are shares");
});

test("names from an address reach nothing that is not a setting", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "spec", "<b>"];
  const { values, refused } = checkLink(kinds, names.map((name) => [name, "1"]));
  assert.deepEqual([Object.keys(values), [...refused]], [[], names]);
  assert.equal(Object.getPrototypeOf(values), Object.prototype);
});
