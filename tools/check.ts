import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * `npm run check`: what a change must pass before it is committed, in under three minutes on two cores. The mutants,
 * half a minute of it, are left to `npm test`.
 */

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const TEST = ["--test", "--test-reporter=dot", "--test-concurrency=2"];

const STEPS: readonly Step[] = [
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "lint", command: "biome", args: ["check", "."] },
  { name: "tidy", command: "node", args: ["--test", "--test-reporter=dot", "tools/tidy.test.ts"] },
  {
    name: "unit and property tests",
    command: "node",
    args: [...TEST, "src/**/*.test.ts", "sim/*.test.ts", "sim/checkers/*.test.ts"],
  },
  ...optional("sim/run.ts", { name: "simulation", command: "node", args: ["sim/run.ts", "--seeds", "20"] }),
  { name: "bench smoke", command: "node", args: ["bench/run.ts", "--smoke"] },
];

function optional(path: string, step: Step): Step[] {
  return existsSync(resolve(import.meta.dirname, "..", path)) ? [step] : [];
}

function run({ command, args }: Step): Promise<number> {
  const cwd = resolve(import.meta.dirname, "..");
  // Every test file is a process that loads the same sources: their compiled form is kept.
  const env = { NODE_COMPILE_CACHE: resolve(cwd, "node_modules/.cache/compiled"), ...process.env };
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", fail);
    child.once("exit", (code) => done(code ?? 1));
  });
}

const failed: string[] = [];
for (const step of STEPS) {
  const started = performance.now();
  const code = await run(step);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? "✔" : "✖"} ${step.name} (${seconds} s)`);
  if (code !== 0) failed.push(step.name);
}
console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
