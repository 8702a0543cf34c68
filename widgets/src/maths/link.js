// A link to a widget as it is set: page.html#attention-map-2:query=1&temperature=0.5 is the second map of a page.
// What an address says is not to be trusted: each setting has a kind, which reads its text or refuses it.
// A kind is {write(value): text, read(text): value, or undefined if it must not be}.

const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export const number = (least, most) => ({
  write: String,
  read: (text) => {
    const x = NUMBER.test(text) ? Number(text) + 0 : NaN; // + 0: no -0
    return least <= x && x <= most ? x : undefined;
  },
});

/** least, least + step, ... */
export const integer = (least, most, step = 1) => ({
  write: String,
  read: (text) => {
    const x = number(least, most).read(text);
    return Number.isInteger((x - least) / step) ? x : undefined;
  },
});

export const index = (size) => integer(0, size - 1);

export const oneOf = (options) => ({ write: String, read: (text) => (options.includes(text) ? text : undefined) });

export const either = (...kinds) => ({ write: String, read: (text) => kinds.map((kind) => kind.read(text)).find((value) => value !== undefined) });

/** Several of a kind, in a row: so many, or any number. */
export const list = (kind, size = null, comma = ",") => ({
  write: (values) => values.map(kind.write).join(comma),
  read: (text) => {
    const values = text ? text.split(comma).map(kind.read) : [];
    return values.includes(undefined) || (size !== null && values.length !== size) ? undefined : values;
  },
});

/** An object, of entries of a kind, [key, value]: no key twice. */
export const record = (entry) => ({
  write: (object) => list(entry, null, "/").write(Object.entries(object)),
  read: (text) => {
    const entries = list(entry, null, "/").read(text);
    return entries && new Set(entries.map(([key]) => key)).size === entries.length ? Object.fromEntries(entries) : undefined;
  },
});

/** A temperature that may be 0 or "inf". */
export const temperature = either(oneOf(["inf"]), integer(0, 0), number(1e-6, 1e6));

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const percent = (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;

/** "#attention-map-2:query=1": what differs from the start. Programs that find links in a text find all of it. */
export function writeLink(element, position, kinds, state, start) {
  const changed = Object.keys(kinds).filter((name) => !same(state[name], start[name]));
  const plain = new URLSearchParams(changed.map((name) => [name, kinds[name].write(state[name])])).toString();
  const text = plain.replace(/%(2C|2F|3A)/g, decodeURIComponent).replaceAll("*", percent).replace(/[^\w=]$/, percent);
  return `#${element}-${position}${text && `:${text}`}`;
}

/** {element, position, pairs: [[name, text], ...]}; null if the hash is no link to a widget. */
export function readLink(hash) {
  const [, element, position, said = ""] = hash.match(/^#([a-z]+(?:-[a-z]+)+)-(\d{1,4})(?:(?::|%3A)(.*))?$/is) ?? [];
  if (!element) return null;
  let text = said;
  if (!text.includes("=")) try { text = decodeURIComponent(text); } catch { /* some programs write %3D for = */ }
  return { element: element.toLowerCase(), position: Number(position), pairs: [...new URLSearchParams(text)] };
}

/** What of a link may be taken, {name: value}; and the names of what may not. */
export function checkLink(kinds, pairs) {
  const values = {};
  const refused = new Set();
  for (const [name, text] of pairs) {
    const value = Object.hasOwn(kinds, name) ? kinds[name].read(text) : undefined;
    if (value === undefined) refused.add(name);
    else values[name] = value;
  }
  return { values, refused };
}
