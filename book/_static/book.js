// Runs before the first paint, lest a dark page flash white: the reader's choice of light or dark, else the system's.
"use strict";
{
  let mode = "auto";
  try { mode = localStorage.getItem("mode") || mode; } catch { /* a browser may refuse to remember */ }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  Object.assign(document.documentElement.dataset, { mode, theme: mode === "auto" ? system : mode });
}
// The fonts of the maths, early, lest a formula change its width; a folder has no requests to speak of.
if (document.currentScript.dataset.fonts && location.protocol !== "file:") {
  for (const name of ["Main-Regular", "Math-Italic"]) {
    const href = `${document.currentScript.dataset.fonts}KaTeX_${name}.woff2`;
    const link = Object.assign(document.createElement("link"), { rel: "preload", as: "font", crossOrigin: "", href });
    document.head.append(link);
  }
}
{
  const page = document.documentElement.dataset;
  let shown;
  addEventListener("beforeprint", () => { shown = page.theme; page.theme = "light"; }); // ink is dear
  addEventListener("afterprint", () => { page.theme = shown; });
}
addEventListener("DOMContentLoaded", () => {
  // Who leaves a menu is where the menu was opened: the theme moves its nodes, and the focus with them.
  let last;
  addEventListener("focusin", ({ target }) => { if (!target.closest("dialog")) last = target; });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => last?.focus({ preventScroll: true }));
  }
  document.querySelector(".print-button")?.addEventListener("click", () => print());
});
