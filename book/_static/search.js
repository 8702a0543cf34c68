// The book's search: sections that hold the words of the question, best first. searchindex.js, loaded with the first
// question, has the sections: SECTIONS.pages is [address, title], SECTIONS.entries is [page, anchor, title, text].
"use strict";

const SHOWN = 30; // results at most
const AROUND = 32; // words of an excerpt
const IDLE = new Set(("a about an and are as at be but by can do does for from how i in is it its me of on or s that the"
  + " there this to was what when where which who with you").split(" "));

const split = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

// What "smoothing", "smooths" and "smoothed" have in common.
const stem = (word) => word.replace(/(?<=.{4})(ation|ings?|ied|ies|ed|al|es|s|e|y)$/, "");
const processTerm = (word) => (IDLE.has(word) ? null : stem(word));

// What helps those who know already what they look for comes after what explains.
const boostDocument = (id, term, { address, title }) =>
  (/^book\/api/.test(address) ? 0.6 : /^(Summary|Exercises|Further reading)$/.test(title) ? 0.5 : 1);

// A promise of a MiniSearch over all sections.
const load = async () => {
  const script = Object.assign(document.createElement("script"), { src: "searchindex.js" });
  await new Promise((done) => { script.onload = done; document.head.append(script); });
  const sections = SECTIONS.entries.map(([page, anchor, title, text], id) => {
    const [address, above] = SECTIONS.pages[page];
    // The name of a page's file says what it is about, too: 02_softmax.
    return { id, address: address + (anchor && `#${anchor}`), title, text, above, about: `${above} ${address}` };
  });
  const search = new MiniSearch({
    fields: ["title", "text", "about"],
    storeFields: ["address", "title", "text", "above"],
    tokenize: split,
    processTerm,
    searchOptions: {
      boost: { title: 3, about: 0.5 },
      boostDocument,
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
    },
  });
  search.addAll(sections);
  return search;
};
let loaded;

// The sections with all words of the question, else those with some.
function find(search, question) {
  const all = search.search(question, { combineWith: "AND" });
  return all.length ? all : search.search(question);
}

// Some words of a section, around the place where it speaks of most of what was asked, and what was asked in bold.
function excerpt({ text, terms }) {
  const pieces = text.split(" ");
  const found = pieces.map((piece) => split(piece).map(processTerm).find((term) => terms.includes(term)));
  let [best, most] = [0, -1];
  for (let from = 0; from === 0 || from + AROUND <= pieces.length; from++) {
    const held = new Set(found.slice(from, from + AROUND)).size;
    if (held > most) [best, most] = [from, held];
  }
  const p = document.createElement("p");
  p.append(best ? "… " : "");
  pieces.slice(best, best + AROUND).forEach((piece, i) => {
    const part = found[best + i] ? document.createElement("mark") : document.createTextNode("");
    part.textContent = piece;
    p.append(part, " ");
  });
  p.append(best + AROUND < pieces.length ? "…" : "");
  return p;
}

async function show(question) {
  const asked = question.trim();
  const search = asked && await (loaded ??= load());
  if (question !== field.value) return; // the reader has typed on
  const results = asked ? find(search, question) : [];
  const list = document.querySelector("#search-results");
  list.dataset.question = question;
  list.replaceChildren(...results.slice(0, SHOWN).map((result) => {
    const item = document.createElement("li");
    item.append(Object.assign(document.createElement("a"), { href: result.address, textContent: result.title }));
    if (result.title !== result.above) {
      item.append(" ", Object.assign(document.createElement("span"), { textContent: result.above }));
    }
    item.append(excerpt(result));
    return item;
  }));
  const count = `${results.length} ${results.length === 1 ? "section" : "sections"}`;
  document.querySelector("#search-status").textContent = !asked ? ""
    : !results.length ? "Nothing was found. Is there another word for it?"
      : results.length > SHOWN ? `${count}, the best ${SHOWN} of them here` : count;
}

const field = document.querySelector(".bd-search-container input");
field.value = new URLSearchParams(location.search).get("q") ?? "";
field.focus();
field.select();
show(field.value);
field.addEventListener("input", () => {
  show(field.value);
  // So that the way back from a result leads to the question; a folder has no such addresses.
  if (location.protocol !== "file:") history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
});
