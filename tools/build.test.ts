import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";

describe("the published package", () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-build-"));
  const command = join(folder, "package/bin/ebb");

  before(() => {
    execFileSync(process.execPath, [resolve(import.meta.dirname, "build.ts"), join(folder, "package")]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("tells its version from its own manifest", () => {
    const { version } = JSON.parse(readFileSync(join(folder, "package/package.json"), "utf8"));
    assert.match(execFileSync(command, ["version"], { encoding: "utf8" }), new RegExp(`^ebb ${version} `));
  });

  test("needs no package but Node, and keeps the licences of what it bundles", () => {
    const manifest = JSON.parse(readFileSync(join(folder, "package/package.json"), "utf8"));
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.devDependencies, undefined);
    const licences = readFileSync(join(folder, "package/THIRD-PARTY.txt"), "utf8");
    for (const name of ["pino", "yaml", "kubernetes-models"])
      assert.match(licences, new RegExp(`^${name} \\d`, "m"));
    assert.ok(existsSync(join(folder, "package/LICENSE")));
  });

  test("starts both processes and its storage thread, says where they are, and ends with 0", async () => {
    const args = ["up", "--home", join(folder, "home"), "--http-port", "0", "--api-port", "0", "-o", "json"];
    const { NODE_COMPILE_CACHE: _, ...inherited } = process.env;
    const env = { ...inherited, XDG_CACHE_HOME: join(folder, "cache") };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const exited = once(child, "exit");
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const ready = JSON.parse(line);
    assert.equal(ready.event, "ready");
    assert.ok(existsSync(ready.kubeconfig));
    const answer = await fetch(ready.gateway);
    assert.equal(answer.status, 404);
    assert.match(await textOf(ready, "/openapi/v3/apis/apps/v1"), /"description":"DeploymentSpec is /);
    const logged = once(createInterface({ input: child.stderr }), "line");
    get(`${ready.api}/api/v1/pods`, { rejectUnauthorized: false }).once("response", (refused) => {
      assert.equal(refused.statusCode, 403);
      refused.resume();
    });
    const [logLine] = (await logged) as [string];
    assert.equal(
      JSON.parse(logLine).program,
      "control-plane",
      "the log's first line, for which its library is loaded",
    );
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
    assert.ok(
      readdirSync(join(folder, "cache/ebb")).length > 0,
      "the compiled bundle is kept for the next start",
    );
  });
});

test("a build takes the name of one folder, and an option is none", () => {
  const folder = mkdtempSync(join(tmpdir(), "ebb-build-"));
  const program = resolve(import.meta.dirname, "build.ts");
  const { status, stderr } = spawnSync(process.execPath, [program, "--help"], { cwd: folder });
  assert.equal(status, 2);
  assert.match(String(stderr), /^usage: npm run build \[FOLDER\]; "--help" is not/);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

/** What the administrator is answered. */
async function textOf(ready: { api: string; kubeconfig: string }, path: string): Promise<string> {
  const token = /token: (\S+)/.exec(readFileSync(ready.kubeconfig, "utf8"))?.[1];
  const headers = { authorization: `Bearer ${token}` };
  const request = get(`${ready.api}${path}`, { rejectUnauthorized: false, headers });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return text(answer);
}
