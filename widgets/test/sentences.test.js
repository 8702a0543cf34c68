import assert from "node:assert/strict";
import test from "node:test";
import { completions, distance, fold, nearest, split, written } from "../src/maths/sentences.js";

const WORDS = ["chat", "chats", "cher", "chère", "sœur", "été", "étudiant", "le", "l'", "rue", "qu'"];

test("what is written and what the model reads", () => {
  const known = new Set(["l'", "qu'", "animal", "il", "voit", ","]);
  const words = split("L’animal, qu'il voit.", known);
  assert.deepEqual(words, ["l'", "animal", ",", "qu'", "il", "voit"]);
  assert.equal(written(words), "l'animal, qu'il voit");
  assert.deepEqual(split(written(words), known), words);
  assert.deepEqual(split("don't", known), ["don't"], "parted only after a word that the model knows");
});

const DISTANCES = [["", "", 0], ["", "abc", 3], ["abc", "", 3], ["chat", "chat", 0], ["chta", "chat", 1], ["chap", "chat", 1], ["chat", "chats", 1], ["kitten", "sitting", 3], ["ab", "ba", 1], ["abc", "ca", 3]];
for (const [a, b, edits] of DISTANCES) test(`from “${a}” to “${b}”: ${edits}`, () => {
  assert.equal(distance(a, b), edits);
  assert.equal(distance(b, a), edits);
});

test("near words: accents count for nothing, far ones do not come", () => {
  assert.deepEqual(nearest("chap", WORDS), ["chat", "chats", "cher"]);
  assert.deepEqual(nearest("soeur", WORDS), ["sœur"]);
  assert.deepEqual(nearest("etudiant", WORDS), ["étudiant"]);
  assert.deepEqual(nearest("xylophone", WORDS), []);
  assert.deepEqual(nearest("chere", WORDS, 1), ["chère"]);
  assert.deepEqual(nearest("x".repeat(5000), WORDS), []);
});

test("completions: the shortest first, accents may be left out", () => {
  assert.deepEqual(completions("ch", WORDS), ["chat", "cher", "chats", "chère"]);
  assert.deepEqual(completions("CHE", WORDS), ["cher", "chère"]);
  assert.deepEqual(completions("et", WORDS), ["été", "étudiant"]);
  assert.deepEqual(completions("ch", WORDS, 1), ["chat"]);
  assert.deepEqual(completions("", WORDS), []);
  assert.equal(fold("Œuf Été"), "oeuf ete");
});
