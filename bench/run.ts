import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Row } from "./data-plane/rounds.ts";
import { describeMachine } from "./machine.ts";
import { tablesText } from "./table.ts";

/**
 * `npm run bench -- NAME [--smoke] [--runs N] [--app FILE] [--part PART] [--package FOLDER]…`: builds the package,
 * runs bench/NAME.ts on it, prints one JSON object and writes it to bench/results/. `--smoke` runs as little as shows
 * that the bench still works; without a name it runs all of them. With `--package` nothing is built: all but `warm`,
 * which takes the first, take turns on the packages named, which is how a change is measured where others work too.
 * `--part` is for `data-plane` and `api`: one of their tables; `--only` for `data-plane`: the contenders whose names
 * hold that text. Tables also go to stderr as Markdown; `node bench/table.ts FILE` prints them again.
 */
export interface BenchOptions {
  readonly smoke: boolean;
  readonly runs?: number;
  /** An executable that serves on $PORT, instead of the bench's own. */
  readonly app?: string;
  /** One table of a bench that has several. */
  readonly part?: string;
  /** Of the contenders whose names hold this text, beside HAProxy. */
  readonly only?: string;
  /** Numbers of connections to take, for the part of that name. */
  readonly connections?: readonly string[];
  /** Folders of built packages to compare. */
  readonly packages?: readonly string[];
}

const NAMES = ["start", "cold", "warm", "data-plane", "profile", "api"];

interface Bench {
  run(options: BenchOptions): Promise<unknown>;
}

async function runOne(name: string, options: BenchOptions): Promise<void> {
  const machine = describeMachine();
  const started = performance.now();
  const bench = (await import(`./${name}.ts`)) as Bench;
  const figures = await bench.run(options);
  const seconds = Math.round((performance.now() - started) / 1000);
  const result = { bench: name, smoke: options.smoke, seconds, machine, figures };
  const file = join(
    import.meta.dirname,
    "results",
    `${[name, ...(options.part ? [options.part] : [])].join("-")}${options.smoke ? ".smoke" : ""}.json`,
  );
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.error(tablesText((figures as { tables?: Record<string, Row[]> }).tables));
  console.log(JSON.stringify(result));
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      smoke: { type: "boolean", default: false },
      runs: { type: "string" },
      app: { type: "string" },
      part: { type: "string" },
      only: { type: "string" },
      connections: { type: "string", multiple: true },
      package: { type: "string", multiple: true },
    },
  });
  const [name] = positionals;
  const known = name === undefined ? values.smoke : NAMES.includes(name);
  if (!known) {
    console.error(
      `npm run bench -- NAME, where NAME is one of ${NAMES.join(", ")}; or --smoke for all of them`,
    );
    process.exit(1);
  }
  const root = resolve(import.meta.dirname, "..");
  if (values.package === undefined)
    execFileSync(process.execPath, [join(root, "tools/build.ts")], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
    });
  const options: BenchOptions = {
    smoke: values.smoke,
    ...(values.runs === undefined ? {} : { runs: Number(values.runs) }),
    ...(values.app === undefined ? {} : { app: values.app }),
    ...(values.part === undefined ? {} : { part: values.part }),
    ...(values.only === undefined ? {} : { only: values.only }),
    ...(values.connections === undefined ? {} : { connections: values.connections }),
    ...(values.package === undefined ? {} : { packages: values.package.map((one) => resolve(one)) }),
  };
  for (const one of name === undefined ? NAMES : [name]) await runOne(one, options);
}
