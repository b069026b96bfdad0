import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { checkRepository } from "./check.ts";
import { messageOf } from "./violation.ts";

/** `node tools/tidy/report.ts [FILE]`: every broken rule, one per line, on stdout or in FILE. */
const root = resolve(import.meta.dirname, "../..");
const violations = checkRepository(root);
const text = violations.map((violation) => `${messageOf(violation)}\n`).join("");
const file = process.argv[2];
if (file) writeFileSync(file, `${text}${violations.length} broken rules\n`);
else process.stdout.write(text);
process.exitCode = violations.length > 0 ? 1 : 0;
