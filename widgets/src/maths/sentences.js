// What somebody types, as words that a model knows; and which words are near to one that it does not know.

const SPACES = /[\s\x1c-\x1f\x85\u200b\ufeff]+/; // all that Python or JavaScript calls space, and the one without width
const [QUOTES, FINAL] = ['"«»“”„‹›', ".,!?…;:"];

/** A word in one spelling: lower-case, its accents composed, its apostrophes straight. */
const plain = (word) => word.normalize("NFC").toLowerCase().replace(/[’‘ʼ]/g, "'");

/** The words of a text as `split` of self_attention/spelling.py gives them, which says what they are; known: a set of words. */
export function split(text, known) {
  const typed = text.split(SPACES).filter(Boolean);
  if (typed.every((piece) => known.has(piece))) return typed;
  const spellings = new Map([...[...known].reverse().map((word) => [plain(word), word]), ...[...known].map((word) => [word, word])]);
  const find = (piece) => spellings.get(piece) ?? spellings.get(plain(piece));
  const [quotes, final] = [QUOTES, FINAL].map((marks) => [...marks].filter((mark) => !known.has(mark)));
  const apart = [...QUOTES + FINAL].filter((mark) => mark === "," || known.has(mark)).join("");
  const pieces = typed.map((piece) => (find(piece) ? piece : [...piece].filter((letter) => !quotes.includes(letter)).join(""))).filter(Boolean);
  while (pieces.length && !find(pieces.at(-1)) && final.includes(pieces.at(-1).at(-1))) {
    const rest = pieces.pop().slice(0, -1);
    if (rest) pieces.push(rest);
  }
  return pieces.flatMap((piece) => (find(piece) ? [piece] : plain(piece).split(new RegExp(`([${apart}])`)))).flatMap((part) => {
    const words = [];
    let rest = part;
    for (let at; !find(rest) && (at = rest.slice(0, -1).indexOf("'")) >= 0 && spellings.has(rest.slice(0, at + 1));) {
      words.push(spellings.get(rest.slice(0, at + 1)));
      rest = rest.slice(at + 1);
    }
    return [...words, find(rest) ?? rest];
  }).filter(Boolean);
}

/** Words as one writes them: "l'animal, qu'il voit". */
export const written = (words) => words.join(" ").replace(/' /g, "'").replace(/ ,/g, ",");

/** A word without accents and ligatures. */
export const fold = (word) => word.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replaceAll("œ", "oe");

/** How many letters have to come, go, be another, or change places with their neighbour. */
export function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Uint8Array.from({ length: b.length + 1 }, (_, j) => i || j));
  for (let i = 1; i <= a.length; i++) for (let j = 1; j <= b.length; j++) {
    const other = a[i - 1] === b[j - 1] ? 0 : 1;
    rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + other);
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
  }
  return rows[a.length][b.length];
}

/** The words nearest to one, accents set aside: at most n, and none that differs in more than half its letters. */
export function nearest(word, words, n = 4) {
  const own = fold(word).slice(0, 40);
  return words.map((other) => [other, distance(own, fold(other))])
    .filter(([other, edits]) => edits <= Math.max(1, Math.min(own.length, fold(other).length) / 2))
    .sort(([a, near], [b, far]) => near - far || (a < b ? -1 : 1)).slice(0, n).map(([other]) => other);
}

/** The words that begin like this, accents set aside: at most n, the shortest first. */
export function completions(start, words, n = 6) {
  const own = fold(start);
  if (!own) return [];
  return words.filter((word) => fold(word).startsWith(own)).sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).slice(0, n);
}
