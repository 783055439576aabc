// Writes static/build/: the style sheet, its fonts and the scripts. Needs no network.
import { spawn } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const assets = dirname(fileURLToPath(import.meta.url));
const built = join(assets, "..", "static", "build");
const packages = createRequire(import.meta.url);
const watching = process.argv.includes("--watch");

await rm(built, { recursive: true, force: true });
await mkdir(join(built, "files"), { recursive: true });
await Promise.all([buildScripts(), buildStyles().then(copyFonts)]);

async function buildScripts() {
  const options = {
    entryPoints: ["letterbook", "composer", "regarding", "charts"].map((name) => join(assets, "js", `${name}.js`)),
    outdir: built,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: !watching,
    legalComments: "linked",
    logLevel: "warning",
  };
  if (watching) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}

function buildStyles() {
  const cli = join(dirname(packages.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
  const from = join(assets, "css", "letterbook.css");
  const mode = watching ? "--watch=always" : "--minify";
  const run = spawn(process.execPath, [cli, "-i", from, "-o", join(built, "letterbook.css"), mode], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (watching) return Promise.resolve();
  return new Promise((done, fail) => {
    run.on("exit", (code) => (code === 0 ? done() : fail(new Error(`Tailwind ended with ${code}`))));
  });
}

// Tailwind leaves the fonts' addresses (./files/…) as they are; only those that the style sheet names are copied.
async function copyFonts() {
  const styles = watching ? null : await readFile(join(built, "letterbook.css"), "utf8");
  for (const name of ["inter", "source-serif-4"]) {
    const family = join(dirname(packages.resolve(`@fontsource-variable/${name}/package.json`)), "files");
    for (const file of await readdir(family)) {
      if (styles?.includes(file) ?? file.endsWith("-normal.woff2")) await cp(join(family, file), join(built, "files", file));
    }
  }
}
