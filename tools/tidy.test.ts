import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { checkRepository } from "./tidy/check.ts";
import { messageOf, RULES } from "./tidy/violation.ts";

const FIXTURES = join(import.meta.dirname, "tidy/fixtures");
const ROOT = resolve(import.meta.dirname, "..");

/** Each folder breaks one rule in every way that the rule knows; EXPECTED holds the messages, word for word. */
describe("a tree that breaks a rule is told so", () => {
  for (const rule of RULES) {
    test(rule, () => {
      const messages = checkRepository(join(FIXTURES, rule)).map(messageOf);
      const expected = readFileSync(join(FIXTURES, rule, "EXPECTED"), "utf8")
        .trimEnd()
        .split("\n");
      assert.deepEqual(messages, expected);
      assert.ok(
        messages.every((message) => message.includes(`: ${rule}: `)),
        "a fixture breaks its own rule only",
      );
    });
  }

  test("no fixture is left over from a rule that is gone", () => {
    assert.deepEqual(readdirSync(FIXTURES).sort(), [...RULES].sort());
  });
});

describe("this repository obeys the rule", () => {
  const violations = checkRepository(ROOT);
  for (const rule of RULES) {
    test(rule, () => {
      const broken = violations.filter((violation) => violation.rule === rule).map(messageOf);
      assert.equal(broken.length, 0, `\n${broken.join("\n")}`);
    });
  }
});
