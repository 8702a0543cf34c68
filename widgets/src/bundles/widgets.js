// The first script: what all widgets share, the attention map, and the anywidget front end (kernel).
import { AttentionMap } from "../elements/attention-map.js";
import { define, followLinks } from "../frame/element.js";

export * from "../elements/attention-map.js";
export * from "../frame/colours.js";
export * from "../frame/element.js";
export * from "../frame/labels.js";
export * from "../maths/link.js";
export * from "../maths/attention.js";

define({ "attention-map": AttentionMap });
if (globalThis.document) followLinks();

/** anywidget's hook: mounts the element; its settings are the model's traits, both ways. */
export const anywidget = {
  render({ model, el }) {
    const spec = model.get("_spec");
    const node = document.createElement(spec.element);
    const names = Object.keys(spec.settings);
    const settings = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    node.setAttribute("data-lm-suppress-shortcuts", ""); // JupyterLab would take the arrow keys
    node.load({ ...spec, settings });
    node.initial = { ...spec.settings };
    node.addEventListener("setting", ({ detail: { name, value } }) => {
      model.set(name, value);
      model.save_changes();
    });
    const listeners = names.map((name) => [`change:${name}`, () => node.set(name, model.get(name), { silent: true })]);
    for (const [event, listener] of listeners) model.on(event, listener);
    el.append(node);
    return () => {
      for (const [event, listener] of listeners) model.off(event, listener);
      node.remove();
    };
  },
};
