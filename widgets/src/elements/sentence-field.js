// A field for a sentence: it completes words, says which ones the model does not know, and what they may have meant.
import { h } from "../frame/element.js";
import { completions, nearest, split, written } from "../maths/sentences.js";

export const MOST = 40; // words of a sentence
export const LETTERS = 600;
const HINT = "Type, or take words from the list.";
const PAUSE = 700; // ms without a key: the sentence is taken as it is

export class SentenceField {
  static STYLE = `
.entry { position: relative; display: block; }
.entry input { width: 100%; min-height: 2.4rem; padding: 0.2rem 0.6rem; font-size: 1.0625rem; border: 1px solid var(--line); border-radius: 6px; background: var(--surface); }
.completions { position: absolute; z-index: 5; top: 100%; left: 0; margin: 2px 0 0; padding: 0.2rem; min-width: 9rem; list-style: none; border: 1px solid var(--line); border-radius: 6px; background: var(--surface); box-shadow: 0 4px 12px rgb(0 0 0 / 0.25); }
.completions li { padding: 0.2rem 0.5rem; border-radius: 4px; cursor: pointer; min-height: 1.75rem; }
.completions li[aria-selected="true"] { background: var(--mark); color: var(--surface); }
.advice { display: flex; flex-wrap: wrap; gap: 0.3rem 0.5rem; align-items: center; min-height: 2.2rem; margin: 0.2rem 0 0; }
.advice .told { margin: 0; }
.advice .told { color: var(--muted); }
.advice .wrong { color: var(--wrong); }
.lexicon summary { color: var(--muted); cursor: pointer; min-height: 1.75rem; width: fit-content; }
.lexicon div { display: flex; flex-wrap: wrap; gap: 0.25rem; max-height: 9.5rem; overflow-y: auto; padding: 0.4rem; border: 1px solid var(--line); border-radius: 6px; }
`;

  #lexicon = null; // {direction: words}
  #direction = "";
  #text = ""; // the sentence as it was last shown
  #draft = false; // what stands in the field has not been taken yet
  #judged = null; // the text that the advice is about; it stays while the reader goes to its buttons
  #timer = 0;
  #at = -1; // the completion in focus

  /** onsentence(words): the reader gives a sentence; onturn(tag): in the other language; language(tag): of its source. */
  constructor({ onsentence, onturn, language }) {
    Object.assign(this, { onsentence, onturn, language });
    this.name = h("span", { class: "name" });
    this.input = h("input", {
      type: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "completions",
      "aria-describedby": "advice", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: LETTERS,
      oninput: () => this.#typed(), onkeydown: (e) => this.#key(e), onblur: () => this.#leave(),
    });
    this.list = h("ul", { class: "completions", role: "listbox", id: "completions", "aria-label": "Words that begin so", hidden: true });
    this.told = h("p", { class: "told", role: "status", id: "advice" }, HINT);
    this.advice = h("div", { class: "advice" }, this.told);
    this.summary = h("summary", {}, "Words that the model knows");
    this.words = h("div", { role: "group", "aria-label": "Words that the model knows", onclick: (e) => this.#append(e), onkeydown: (e) => this.#walk(e) });
    this.lexicon = h("details", { class: "lexicon", ontoggle: () => this.#fill() }, this.summary, this.words);
    const entry = h("label", { class: "control" }, this.name, h("span", { class: "entry" }, this.input, this.list));
    this.node = h("div", { class: "field" }, entry, this.advice, this.lexicon);
  }

  /** Bring it in line with a sentence and a direction; what is being typed stays, unless `force`. */
  show(text, direction, force = false) {
    const turned = direction !== this.#direction;
    this.#direction = direction;
    const language = direction && this.language(direction);
    this.name.textContent = language ? `Your sentence, in ${language}` : "Your sentence";
    if (force || (text !== this.#text && !this.#draft && this.input !== this.input.getRootNode().activeElement)) {
      this.input.value = text;
      this.#settle();
    }
    this.#text = text;
    if (turned) this.#fill();
  }

  /** The words of the model, which comes later than the field: {direction: words}. */
  teach(lexicon) {
    this.#lexicon = Object.fromEntries(Object.entries(lexicon).map(([tag, words]) => [tag, new Set(words)]));
    this.#fill();
    if (this.#draft) this.accept();
  }

  get #known() { return this.#lexicon?.[this.#direction] ?? new Set(); }

  // Typing.

  #typed() {
    this.#draft = true;
    this.told.classList.remove("wrong");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.accept({ typing: true }), PAUSE);
    this.#offer();
  }

  // The word before the caret: [its start, its letters].
  get #word() {
    const before = this.input.value.slice(0, this.input.selectionStart ?? this.input.value.length);
    const [word] = before.match(/[^\s,’']*$/);
    return [before.length - word.length, word];
  }

  #offer() {
    const [, word] = this.#word;
    const found = word ? completions(word, [...this.#known]).filter((other) => other !== word.toLowerCase()) : [];
    this.#at = -1;
    this.list.replaceChildren(...found.map((text, k) => h("li", {
      role: "option", id: `completion-${k}`, "aria-selected": "false", onpointerdown: (e) => { e.preventDefault(); this.#complete(text); },
    }, text)));
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.list.hidden = true;
    this.#at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #complete(text) {
    const [start, word] = this.#word;
    const { value } = this.input;
    const gap = text.endsWith("'") ? "" : " ";
    this.input.value = value.slice(0, start) + text + gap + value.slice(start + word.length).trimStart();
    const caret = start + text.length + gap.length;
    this.input.setSelectionRange(caret, caret);
    this.#typed();
    this.#close();
  }

  #key(event) {
    const options = [...this.list.children];
    const open = !this.list.hidden;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && !open) this.#offer();
    if (move && this.list.children.length) {
      event.preventDefault();
      const all = [...this.list.children];
      this.#at = (this.#at + move + all.length + (this.#at < 0 && move < 0 ? 1 : 0)) % all.length;
      all.forEach((option, k) => option.setAttribute("aria-selected", String(k === this.#at)));
      this.input.setAttribute("aria-activedescendant", `completion-${this.#at}`);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && this.#at >= 0) this.#complete(options[this.#at].textContent);
      else {
        this.#close();
        this.accept();
      }
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.#close();
    }
  }

  // Taking it.

  /** Give the sentence away, or say why not. While the reader is typing, a word that may still become one passes. */
  accept({ typing = false } = {}) {
    clearTimeout(this.#timer);
    if (!this.#lexicon) return; // see teach
    const known = this.#known;
    const words = split(this.input.value, known);
    const strangers = [...new Set(words.filter((word) => !known.has(word)))];
    if (!words.length) return typing ? null : this.#say("Type a sentence, or pick its words from the list below.");
    if (words.length > MOST) return this.#say(`At most ${MOST} words, please; these are ${words.length}.`);
    if (strangers.length) {
      const last = words.at(-1);
      if (typing && strangers.length === 1 && strangers[0] === last && completions(last, [...known]).length) return null;
      return this.#refuse(words, strangers);
    }
    this.#settle();
    return this.onsentence(words);
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#draft = false;
    this.#say("");
  }

  #leave() {
    this.#close();
    if (this.#draft && this.#judged !== this.input.value) this.accept();
  }

  #say(text, ...buttons) {
    this.#judged = this.input.value;
    this.told.textContent = text || HINT;
    this.told.classList.toggle("wrong", Boolean(text));
    this.advice.replaceChildren(this.told, ...buttons);
    this.input.setAttribute("aria-invalid", String(Boolean(text)));
  }

  #refuse(words, strangers) {
    const button = (text, onclick) => h("button", { type: "button", onclick }, text);
    const replaced = (near) => written(words.map((word) => (word === stranger ? near : word)));
    const known = [...this.#known];
    const stranger = strangers.find((word) => nearest(word, known).length) ?? strangers[0]; // one at a time is mended
    const near = nearest(stranger, known);
    const buttons = near.map((word) => button(word, () => this.#put(replaced(word))));
    const other = Object.keys(this.#lexicon).find((tag) => tag !== this.#direction && split(this.input.value, this.#lexicon[tag]).every((word) => this.#lexicon[tag].has(word)));
    const language = other && this.language(other);
    if (other) buttons.push(button(language ? `It is ${language}: turn round` : "Turn round", () => { this.onturn(other); this.#direction = other; this.accept(); }));
    const named = strangers.map((word) => `“${word}”`).join(", ");
    const mean = !near.length ? (other ? "" : " The words it knows are in the list below.") : strangers.length > 1 ? ` For “${stranger}”, did you mean` : " Did you mean";
    this.#say(`The model does not know ${named}.${mean}`, ...buttons);
  }

  // By a button: another sentence stands in the field.
  #put(text) {
    this.input.value = text;
    this.input.focus();
    this.#draft = true;
    this.accept();
  }

  // The list of all words.

  #fill() {
    const words = [...this.#known].sort((a, b) => a.localeCompare(b, "fr"));
    this.summary.textContent = words.length ? `The ${words.length} words that the model knows` : "Words that the model knows";
    if (this.lexicon.open) this.words.replaceChildren(...words.map((word, k) => h("button", { type: "button", tabindex: k ? -1 : 0 }, word)));
  }

  #append({ target }) {
    if (target.tagName !== "BUTTON") return;
    this.#focus(target);
    const { value } = this.input;
    this.input.value = `${value}${!value || /[\s'’]$/.test(value) || target.textContent === "," ? "" : " "}${target.textContent}`;
    this.#draft = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.accept({ typing: true }), PAUSE);
  }

  #walk(event) {
    const all = [...this.words.children];
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.#focus(all[Math.max(0, Math.min(to, all.length - 1))]).focus();
  }

  #focus(button) {
    for (const other of this.words.children) other.tabIndex = other === button ? 0 : -1;
    return button;
  }
}
