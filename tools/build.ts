import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import { PACKAGES } from "../src/programs/declared-types.ts";
import { DESCRIPTIONS_FILE, describeServedKinds } from "../src/programs/descriptions.ts";
import { readTree } from "./tidy/tree.ts";

/**
 * `npm run build [FOLDER]`: makes dist/ (or FOLDER), the package that is published (`npm pack ./dist`). Every program
 * and thread becomes a file of its own beside the chunks that they share, all in one folder, so that
 * `new URL("./x.js", import.meta.url)` finds its neighbour from wherever the bundler put the caller.
 */
const root = resolve(import.meta.dirname, "..");
const dist = resolve(process.argv[2] ?? join(root, "dist"));

const PROGRAMS = ["ebb", "library", "data-plane-process"].map((name) => `src/programs/${name}.ts`);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
rmSync(dist, { recursive: true, force: true });
const SETTINGS = {
  absWorkingDir: root,
  outdir: dist,
  bundle: true,
  platform: "node",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
} satisfies BuildOptions;
const { metafile } = await build({
  ...SETTINGS,
  entryPoints: entryPoints(),
  entryNames: "[name]",
  chunkNames: "chunk-[hash]",
  splitting: true,
  format: "esm",
  // Packages in CommonJS ask for built-ins through `require`, which an ES module does not have.
  banner: {
    js: 'import{createRequire as $require}from"node:module";const require=$require(import.meta.url);',
  },
});
for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "examples", "bin"]) {
  if (existsSync(join(root, path))) cpSync(join(root, path), join(dist, path), { recursive: true });
}
const queueProxy = await buildQueueProxy();
chmodSync(join(dist, "bin/ebb"), 0o755);
writeFileSync(join(dist, "package.json"), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
writeFileSync(join(dist, "THIRD-PARTY.txt"), licencesOf([metafile, queueProxy]));
writeFileSync(join(dist, DESCRIPTIONS_FILE), gzipSync(JSON.stringify(describeServedKinds())));
execFileSync(process.execPath, [
  join(root, "tools/compile-queue-proxy.ts"),
  join(dist, "queue-proxy-program.cjs"),
]);
report({ ...metafile.outputs, ...queueProxy.outputs });

/**
 * The lone queue-proxy starts with each pod, so it is one file in CommonJS (Node's loader of ES modules takes 20 ms for
 * it) with V8's compiled form beside, which a run writes.
 */
async function buildQueueProxy(): Promise<Metafile> {
  const { metafile } = await build({
    ...SETTINGS,
    entryPoints: {
      "queue-proxy": "src/programs/queue-proxy-start.ts",
      "queue-proxy-program": "src/programs/queue-proxy.ts",
    },
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
  });
  return metafile;
}

/** Programs, and whatever a source file names by URL: threads and processes that start from a file. */
function entryPoints(): string[] {
  const named = readTree(root)
    .sources.filter(({ path, isTest }) => path.startsWith("src/") && !isTest)
    .flatMap(({ imports }) => imports.filter(({ kind }) => kind === "url").map(({ target }) => target));
  return [...new Set([...PROGRAMS, ...named])].filter((path) => existsSync(join(root, path)));
}

function publishedManifest(): Record<string, unknown> {
  const { name, version, description, license, type, engines, optionalDependencies } = manifest;
  const entries = {
    bin: { ebb: "bin/ebb" },
    exports: { ".": "./library.js", "./package.json": "./package.json" },
  };
  return { name, version, description, license, type, engines, ...entries, optionalDependencies };
}

/** The licence texts of the packages whose code or words are in the build, which their licences ask to keep. */
function licencesOf(metafiles: readonly Metafile[]): string {
  const bundled = metafiles
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const folders = new Set([...bundled, ...PACKAGES.map((name) => `node_modules/${name}`)]);
  return [...folders].sort().map(licenceOf).join("\n\n");
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
    license: string;
  };
  const file = ["LICENSE", "LICENSE.md", "LICENCE", "license"].find((one) =>
    existsSync(join(root, folder, one)),
  );
  const text = file ? readFileSync(join(root, folder, file), "utf8").trim() : license;
  return `${name} ${version} (${license})\n\n${text}`;
}

function report(outputs: Metafile["outputs"]): void {
  for (const [path, { bytes, entryPoint }] of Object.entries(outputs)) {
    if (entryPoint && !basename(path).startsWith("chunk-"))
      console.log(`${basename(path).padEnd(28)} ${(bytes / 1024).toFixed(1).padStart(8)} KiB`);
  }
  const total = Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(`${"with shared chunks".padEnd(28)} ${(total / 1024).toFixed(1).padStart(8)} KiB`);
}
