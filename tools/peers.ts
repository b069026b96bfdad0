import { spawn } from "node:child_process";
import { resolve } from "node:path";

/**
 * `npm run test:peers`: every judge in test/peers. Those that take minutes and mind no company run two at a time, after
 * all others have run alone: clocks, memory and others' patience are measured among these.
 */

const GROUPS = [
  {
    atATime: 1,
    files: ["test/peers/!(killed-writes|recorded-*).test.ts", "test/peers/!(http-fuzz)/*.test.ts"],
  },
  { atATime: 2, files: ["test/peers/http-fuzz/*.test.ts", "test/peers/@(killed-writes|recorded-*).test.ts"] },
];

function run(args: readonly string[]): Promise<number> {
  const cwd = resolve(import.meta.dirname, "..");
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", fail);
    child.once("exit", (code) => done(code ?? 1));
  });
}

const started = performance.now();
for (const { atATime, files } of GROUPS) {
  const flags = ["--test", "--test-timeout=300000", "--test-reporter=spec", `--test-concurrency=${atATime}`];
  if ((await run([...flags, ...files])) !== 0) process.exitCode = 1;
}
console.log(`all judges took ${Math.round((performance.now() - started) / 1000)} s`);
