// Bundles src/ into the scripts that the site and the kernel load, and the site's search: node build.mjs [folder]
// widgets.js comes first on every page; the others find its modules in the global SelfAttention.
import { build } from "esbuild";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outdir = process.argv[2] ?? here("../src/self_attention/widgets/scripts");
const shared = /^\.\/(attention-map|colours|element|labels|link|maths)\.js$/;

const fromWidgets = {
  name: "from-widgets",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: shared }, ({ path }) => ({ path, namespace: "shared" }));
    onLoad({ filter: /./, namespace: "shared" }, async ({ path }) => {
      const names = (await readFile(here(`src/${path}`), "utf8")).matchAll(/^export (?:const|function|class) (\w+)/gm);
      return { contents: Array.from(names, ([, name]) => `export const ${name} = /* @__PURE__ */ (() => SelfAttention.${name})();`).join("\n") };
    });
  },
};

const options = { outdir, bundle: true, minify: true, format: "iife", target: "es2022", charset: "utf8" };
await build({ ...options, entryPoints: [here("src/widgets.js")], globalName: "SelfAttention" });
const others = ["player", "vectors", "layers", "training", "translator"].map((name) => here(`src/${name}.js`));
await build({ ...options, entryPoints: others, plugins: [fromWidgets] });

// The search of the site, which has no source of ours.
const { version } = JSON.parse(await readFile(here("node_modules/minisearch/package.json"), "utf8"));
await build({
  ...options, outdir: undefined, outfile: `${process.argv[2] ?? here("../book/_static")}/minisearch.js`, legalComments: "none",
  stdin: { contents: 'import MiniSearch from "minisearch"; globalThis.MiniSearch = MiniSearch;', resolveDir: here(".") },
  banner: { js: `/* MiniSearch ${version}, (c) Luca Ongaro, MIT: https://github.com/lucaong/minisearch */` },
});
