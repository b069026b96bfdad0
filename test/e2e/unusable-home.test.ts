import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Command, ebb, processesNaming, removeFolder, temporaryFolder } from "../support/engine.ts";
import { asUser, skipAsRoot } from "../support/permissions.ts";

/** Homes, files and ports that this user may not use, and what the engine says of them. */

const folder = temporaryFolder("unusable-home");

after(() => removeFolder(folder));

describe("a home that cannot be used", () => {
  const up = (home: string) => ebb(["up", "--home", home, "--http-port", "0", "--api-port", "0"]);

  test("a file in its place is one sentence and exit code 1", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { code, stderr } = await up(file);
    assert.equal(code, 1);
    assert.match(stderr, /^ebb: [^\n]*file[^\n]*--home DIR\n$/);
  });

  /** `ebb up` for which permissions hold, also where the tests run as root. */
  const upAsUser = (home: string, ...ports: string[]) => {
    const args = [
      "up",
      "--home",
      home,
      ...(ports.length > 0 ? ports : ["--http-port", "0", "--api-port", "0"]),
    ];
    return new Command({ args, before: asUser ?? [] }).ended;
  };

  test("no permission is one sentence and exit code 1", { skip: skipAsRoot }, async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    const { code, stderr } = await upAsUser(join(closed, "home"));
    assert.equal(code, 1);
    assert.match(stderr, /^ebb: cannot create the home folder [^\n]*--home DIR\n$/);
    const unwritable = await upAsUser(closed);
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.stderr, /^ebb: cannot write in the home folder [^\n]*--home DIR\n$/);
  });

  test("no permission for one of its files is one sentence that names the file, and nothing hangs", {
    skip: skipAsRoot,
  }, async () => {
    const cases: [string, RegExp][] = [
      ["state.db", /^ebb: cannot open the state in \S+state\.db: [^\n]* writable for this user/],
      ["images", /^ebb: cannot use \S+images\S* \(no permission\); [^\n]*--home DIR/],
      ["pods", /^ebb: cannot use \S+pods\S* \(no permission\); [^\n]*--home DIR/],
    ];
    for (const [name, sentence] of cases) {
      const home = join(folder, `without-${name}`);
      mkdirSync(home);
      if (name === "state.db") writeFileSync(join(home, name), "");
      else mkdirSync(join(home, name));
      chmodSync(join(home, name), 0o500);
      const { code, stderr } = await upAsUser(home);
      assert.equal(code, 1, `${name}: ${stderr}`);
      assert.match(stderr, sentence);
      assert.equal(stderr.trimEnd().includes("\n"), false, stderr);
      assert.deepEqual(processesNaming(home), []);
    }
  });

  test("a port that this user may not have is one sentence that names the flag", {
    skip: skipAsRoot || (unprivilegedPortStart() <= 80 && "any user may listen on port 80 here"),
  }, async () => {
    const home = join(folder, "port");
    const gateway = await upAsUser(home, "--http-port", "80", "--api-port", "0");
    assert.equal(gateway.code, 1);
    assert.match(gateway.stderr, /^ebb: this user may not listen on port 80; [^\n]*--http-port N[^\n]*\n$/);
    const api = await upAsUser(home, "--http-port", "0", "--api-port", "81");
    assert.equal(api.code, 1);
    assert.match(api.stderr, /^ebb: cannot serve the API on 127\.0\.0\.1:81: [^\n]*--api-port[^\n]*\n$/);
    assert.deepEqual(processesNaming(home), []);
  });

  test("a state that is no database is one sentence and exit code 1", async () => {
    const home = join(folder, "damaged");
    mkdirSync(home);
    writeFileSync(join(home, "state.db"), "not a database, but long enough to look like one ".repeat(50));
    const { code, stderr } = await up(home);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^ebb: cannot open the state in \S+: the file is not a SQLite database; [^\n]*home\n$/,
    );
  });

  test("a full disk is one sentence and exit code 1", async () => {
    const { code, stderr } = await up("/dev/full/home");
    assert.equal(code, 1);
    assert.match(stderr, /^ebb: [^\n]*--home DIR\n$/);
  });
});

/** The first port that every user may listen on; Linux only, elsewhere the traditional one. */
function unprivilegedPortStart(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return 1024;
  }
}
