// Counts the exercises of a chapter that the reader has solved, in the browser's own storage. Nothing leaves it.
//
// A choice is a row of <details class="choice" name="...">, one of them also of class "right": it is solved when that
// one is opened. An exercise in code is a cell with check.<name>(...): the page has no kernel, so the reader ticks it.
(() => {
  const section = document.getElementById("exercises");
  const items = new Map(); // name -> what to show when its record has changed, and how to reset it
  if (!section) return;

  // {name: {solved, tried}}; tried are the options that were opened before, and with, the right one
  const key = `exercises:${location.pathname.split("/").pop().replace(".html", "")}`;
  const records = load();

  function load() {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? {};
    } catch {
      return {}; // storage refused, or not ours
    }
  }

  function save() {
    try {
      localStorage.setItem(key, JSON.stringify(records));
    } catch {
      // it counts for this visit
    }
  }

  function make(tag, className, text = "") {
    return Object.assign(document.createElement(tag), { className, textContent: text });
  }

  function record(name) {
    return (records[name] ??= { solved: false, tried: [] });
  }

  function show() {
    for (const { draw } of items.values()) draw();
    status.textContent = `${[...items.keys()].filter((name) => records[name]?.solved).length} of ${items.size} solved`;
  }

  function addChoice(name, options) {
    const note = make("p", "tally-note");
    options.at(-1).after(note);
    options.forEach((option, i) => {
      option.addEventListener("toggle", () => {
        const { solved, tried } = record(name);
        if (!option.open || solved) return;
        if (!tried.includes(i)) tried.push(i);
        records[name].solved = option.classList.contains("right");
        save();
        show();
      });
    });
    items.set(name, {
      draw() {
        const { solved, tried } = record(name);
        note.textContent = solved ? `Solved ${tried.length === 1 ? "at once" : `with ${tried.length} tries`}.` : "";
      },
      reset: () => options.forEach((option) => (option.open = false)),
    });
  }

  function addCheck(name, cell) {
    const label = make("label", "tally-tick", ` I have solved “${name}”`);
    const box = Object.assign(make("input", ""), { type: "checkbox" });
    label.prepend(box);
    cell.after(label);
    box.addEventListener("change", () => {
      record(name).solved = box.checked;
      save();
      show();
    });
    items.set(name, { draw: () => (box.checked = record(name).solved), reset() {} });
  }

  const status = make("span", "");
  status.setAttribute("role", "status");
  for (const node of section.querySelectorAll("details.choice, div.cell")) {
    if (node.matches(".choice")) {
      const name = node.getAttribute("name");
      if (!items.has(name)) addChoice(name, [...section.querySelectorAll(`details.choice[name="${name}"]`)]);
    } else {
      const name = node.querySelector(".cell_input")?.textContent.match(/\bcheck\.(\w+)\(/)?.[1];
      if (name) addCheck(name, node);
    }
  }
  if (!items.size) return;

  const reset = Object.assign(make("button", "btn btn-sm", "Reset"), { type: "button" });
  reset.addEventListener("click", () => {
    for (const name of Object.keys(records)) delete records[name];
    for (const item of items.values()) item.reset();
    save();
    show();
  });
  const line = make("p", "tally");
  line.append(status, " ", reset);
  section.querySelector("h2").after(line);
  show();
})();
