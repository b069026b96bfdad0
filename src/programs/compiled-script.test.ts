import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { codePath, compiledScript } from "./compiled-script.ts";

const folder = mkdtempSync(join(tmpdir(), "ebb-compiled-"));
after(() => rmSync(folder, { recursive: true }));
const output = join(folder, "output");
const require = createRequire(import.meta.url);

function programAt(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, `require("node:fs").appendFileSync(${JSON.stringify(output)}, "${name} ");`);
  return path;
}

test("a program runs with and without its compiled form, and ignores one that V8 refuses", () => {
  const path = programAt("one.cjs");
  const first = compiledScript(path);
  assert.equal(first.isCompiled, false);
  first.run(require);
  writeFileSync(codePath(path), first.code());
  const second = compiledScript(path);
  assert.equal(second.isCompiled, true);
  second.run(require);
  const other = programAt("other.cjs");
  writeFileSync(codePath(other), "of another Node");
  const third = compiledScript(other);
  assert.equal(third.isCompiled, false);
  third.run(require);
  assert.equal(readFileSync(output, "utf8"), "one.cjs one.cjs other.cjs ");
});
