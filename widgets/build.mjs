// Bundles src/ into the scripts that the site and the kernel load, and the site's search: node build.mjs [folder]
// widgets.js comes first on every page.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = process.argv[2] ?? here("../src/self_attention/widgets/scripts");

// What widgets.js exports is shared: the other scripts find it in the global SelfAttention.
const exported = (await readFile(here("src/bundles/widgets.js"), "utf8")).matchAll(/^export \* from "(.*)"/gm);
const shared = new Set(Array.from(exported, ([, path]) => here(`src/bundles/${path}`)));

const fromWidgets = {
  name: "from-widgets",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path);
      return shared.has(file) ? { path: file, namespace: "shared" } : undefined;
    });
    onLoad({ filter: /./, namespace: "shared" }, async ({ path }) => {
      const names = (await readFile(path, "utf8")).matchAll(/^export (?:const|function|class) (\w+)/gm);
      const lines = Array.from(names, ([, name]) => {
        return `export const ${name} = /* @__PURE__ */ (() => SelfAttention.${name})();`;
      });
      return { contents: lines.join("\n") };
    });
  },
};

const options = { outdir, bundle: true, minify: true, format: "iife", target: "es2022", charset: "utf8" };
await build({ ...options, entryPoints: [here("src/bundles/widgets.js")], globalName: "SelfAttention" });
const others = ["player", "vectors", "layers", "training", "translator"].map((name) => here(`src/bundles/${name}.js`));
await build({ ...options, entryPoints: others, plugins: [fromWidgets] });

// The search of the site, which has no source of ours.
const { version } = JSON.parse(await readFile(here("node_modules/minisearch/package.json"), "utf8"));
await build({
  ...options, outdir: undefined, outfile: `${process.argv[2] ?? here("../book/_static")}/minisearch.js`, legalComments: "none",
  stdin: { contents: 'import MiniSearch from "minisearch"; globalThis.MiniSearch = MiniSearch;', resolveDir: here(".") },
  banner: { js: `/* MiniSearch ${version}, (c) Luca Ongaro, MIT: https://github.com/lucaong/minisearch */` },
});
