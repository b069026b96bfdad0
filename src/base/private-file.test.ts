import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readPrivateJson, writeOpenly, writePrivately } from "./private-file.ts";

const what = { name: "the keys", advice: "delete it" };

test("keys are readable by their owner alone, what is to be shown by others too", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-private-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "deep", "keys.json");
  writePrivately(path, '{"a":1}');
  writeOpenly(join(folder, "ca.crt"), "shown");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "ca.crt")).mode & 0o777, 0o644);
  assert.deepEqual(readPrivateJson(path, what), { a: 1 });
});

test("a file that is not there is no fault, one that cannot be read is told with what helps", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-private-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "keys.json");
  assert.equal(readPrivateJson(path, what), undefined);
  writeFileSync(path, "{half");
  assert.throws(() => readPrivateJson(path, what), /^EbbError: cannot read the keys in .*; delete it$/);
});
