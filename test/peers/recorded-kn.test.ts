import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { judgeCommands } from "../support/command-judge.ts";

/** What kn prints against ebb, compared with what it printed against a real Knative. */

const kn = process.env.EBB_PEER_KN;
const folder = mkdtempSync(join(tmpdir(), "ebb-kn-"));

judgeCommands({
  file: "apiserver/kn.jsonl",
  about: "kn",
  exceptions: {},
  skip: kn === undefined && "no registry has kn: name its executable by EBB_PEER_KN",
  async programs() {
    // It prints the name by which it was called.
    symlinkSync(resolve(kn ?? ""), join(folder, "kn"));
    return folder;
  },
});

after(() => rmSync(folder, { recursive: true, force: true }));
