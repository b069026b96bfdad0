import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, parse, relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile, type Plugin } from "esbuild";
import { PACKAGES } from "../src/programs/declared-types.ts";
import { DESCRIPTIONS_FILE, describeServedKinds } from "../src/programs/descriptions.ts";
import { readTree } from "./tidy/tree.ts";

/**
 * `npm run build [FOLDER]`: makes dist/ (or FOLDER), the package that is published (`npm pack ./dist`). Every program
 * and thread becomes one file, all in one folder, and in CommonJS: Node's loader of ES modules takes 20 ms of a start,
 * most of them for reading all exports of the built-ins that are imported.
 */
const root = resolve(import.meta.dirname, "..");
const [folder = join(root, "dist"), ...more] = process.argv.slice(2);
if (folder.startsWith("-") || more.length > 0) {
  console.error(
    `usage: npm run build [FOLDER]; "${[folder, ...more].join(" ")}" is not the name of one folder`,
  );
  process.exit(2);
}
const dist = resolve(folder);

const PROGRAMS = ["ebb", "engine-up"].map((name) => `src/programs/${name}.ts`);
/** The lone queue-proxy starts with each pod: with V8's compiled form beside it, which a run writes. */
const QUEUE_PROXY = {
  "queue-proxy": "src/programs/queue-proxy-start.ts",
  "queue-proxy-program": "src/programs/queue-proxy.ts",
};

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: entryPoints(),
  outdir: dist,
  bundle: true,
  platform: "node",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
  // Where a source names its neighbour by URL, a build asks for the file beside `__filename`.
  logOverride: { "empty-import-meta": "silent" },
  // What is imported late is bundled or a file beside; `import()` would load Node's loader of ES modules for it.
  supported: { "dynamic-import": false },
  plugins: [programsApart()],
});
for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "examples", "bin"]) {
  if (existsSync(join(root, path))) cpSync(join(root, path), join(dist, path), { recursive: true });
}
chmodSync(join(dist, "bin/ebb"), 0o755);
writeFileSync(join(dist, "package.json"), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
writeFileSync(join(dist, "THIRD-PARTY.txt"), licencesOf(metafile));
writeFileSync(join(dist, DESCRIPTIONS_FILE), gzipSync(JSON.stringify(describeServedKinds())));
execFileSync(process.execPath, [
  join(root, "tools/compile-queue-proxy.ts"),
  join(dist, "queue-proxy-program.cjs"),
]);
report(metafile.outputs);

/** A program that another one loads when it is wanted stays a file of its own. */
function programsApart(): Plugin {
  return {
    name: "programs-apart",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\.\/.*\.ts$/ }, ({ kind, path, resolveDir }) => {
        const isApart =
          kind === "dynamic-import" && PROGRAMS.includes(relative(root, join(resolveDir, path)));
        return isApart ? { path: `./${parse(path).name}.cjs`, external: true } : undefined;
      }),
  };
}

/** Programs, and whatever a source file names by URL: threads and processes that start from a file. */
function entryPoints(): Record<string, string> {
  const named = readTree(root)
    .sources.filter(({ path, isTest }) => path.startsWith("src/") && !isTest)
    .flatMap(({ imports }) => imports.filter(({ kind }) => kind === "url").map(({ target }) => target));
  const programs = [...PROGRAMS, ...named].filter((path) => existsSync(join(root, path)));
  return { ...Object.fromEntries(programs.map((path) => [parse(path).name, path])), ...QUEUE_PROXY };
}

function publishedManifest(): Record<string, unknown> {
  const { name, version, description, license, type, engines, optionalDependencies } = manifest;
  const entries = {
    bin: { ebb: "bin/ebb" },
    exports: { ".": "./engine-up.cjs", "./package.json": "./package.json" },
  };
  return { name, version, description, license, type, engines, ...entries, optionalDependencies };
}

/** The licence texts of the packages whose code or words are in the build, which their licences ask to keep. */
function licencesOf({ inputs }: Metafile): string {
  const bundled = Object.keys(inputs).flatMap(
    (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
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
  const tell = (what: string, bytes: number) =>
    console.log(`${what.padEnd(28)} ${(bytes / 1024).toFixed(1).padStart(8)} KiB`);
  for (const [path, { bytes }] of Object.entries(outputs)) tell(basename(path), bytes);
  tell(
    "together",
    Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0),
  );
}
