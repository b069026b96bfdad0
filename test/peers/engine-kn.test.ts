import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  addImage,
  type Engine,
  engineUp,
  get,
  programsOf,
  removeFolder,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { run } from "../support/run.ts";

/**
 * kn against the whole engine, where Services become Ready (spec K-010, K-024, K-027, K-030…K-032, K-037, K-061). What
 * never becomes Ready is not asked for: kn looks once, then waits for a change, which may have come before it looked.
 */

const kn = process.env.EBB_PEER_KN;
const hello = fileURLToPath(new URL("../images", import.meta.url));
const IMAGE = "registry.example.com/hello";
const folder = temporaryFolder("kn");
let engine: Engine;

async function knSays(...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, KUBECONFIG: engine.ready.kubeconfig };
  const { code, stdout, stderr } = await run(join(folder, "bin/kn"), args, { env, cwd: folder });
  assert.equal(code, 0, `kn ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

async function answerOf(url: string): Promise<string> {
  return (await get(url)).body.trim();
}

describe("kn with ebb up", { skip: kn === undefined && "EBB_PEER_KN names no kn" }, () => {
  before(async () => {
    mkdirSync(join(folder, "bin"));
    symlinkSync(resolve(kn ?? ""), join(folder, "bin/kn"));
    engine = await engineUp({ home: join(folder, "home") });
    await addImage(engine.home, IMAGE, { path: hello, command: [process.execPath, "hello.mjs"] });
  });

  after(async () => {
    await engine?.stop();
    removeFolder(folder);
  });

  test("create waits until the Service is Ready and tells its URL, which answers", async () => {
    const told = await knSays("service", "create", "hello", "--image", IMAGE, "--arg", "one");
    assert.match(told, /Service 'hello' created to latest revision 'hello-00001' is available at URL:/);
    const url = await knSays("service", "describe", "hello", "-o", "url");
    assert.ok(told.includes(url.trim()));
    assert.equal(await answerOf(url.trim()), "one");
  });

  test("update makes a Revision and waits for it; traffic goes where it is told to", async () => {
    const told = await knSays("service", "update", "hello", "--arg", "two", "--tag", "hello-00001=old");
    assert.match(told, /Service 'hello' updated to latest revision 'hello-00002' is available at URL:/);
    const url = (await knSays("service", "describe", "hello", "-o", "url")).trim();
    assert.equal(await answerOf(url), "two");
    assert.equal(await answerOf(url.replace("//hello", "//old-hello")), "one");
    await knSays("service", "update", "hello", "--traffic", "old=100");
    assert.equal(await answerOf(url), "one");
    const list = await knSays("revision", "list", "-s", "hello");
    assert.match(list, /hello-00002 +hello +2 +.*True/);
    assert.match(list, /hello-00001 +hello +100% +old +1 +.*True/);
  });

  test("wait comes back at once for a Ready Service", async () => {
    const told = await knSays("service", "wait", "hello", "--wait-timeout", "20");
    assert.match(told, /Service 'hello' in namespace 'default' is ready/);
  });

  test("a domain is mapped to the Service, described and listed", async () => {
    await knSays("domain", "create", "shop.example.com", "--ref", "hello");
    assert.match(await knSays("domain", "list"), /shop\.example\.com +http:\/\/shop\.example\.com.* hello$/m);
    assert.match(await knSays("domain", "describe", "shop.example.com"), /Kind: +Service\n +Name: +hello\n/);
    await knSays("domain", "delete", "shop.example.com");
  });

  // Of Revisions with the server's names the first would be in the way of the imported one.
  test("what was exported with its Revisions is there again after its deletion and import", async () => {
    const named = (name: string, arg: string) => ["--arg", arg, "--revision-name", name];
    await knSays("service", "create", "kept", "--image", IMAGE, ...named("kept-a", "one"));
    await knSays("service", "update", "kept", ...named("kept-b", "two"), "--traffic", "kept-a=100");
    const exported = await knSays(
      "service",
      "export",
      "kept",
      "--with-revisions",
      "--mode",
      "export",
      "-o",
      "yaml",
    );
    writeFileSync(join(folder, "kept.yaml"), exported);
    await knSays("service", "delete", "kept", "--wait", "--wait-timeout", "60");
    const told = await knSays("service", "import", "kept.yaml");
    assert.match(told, /Service 'kept' imported to latest revision 'kept-b' is available at URL:/);
    const url = (await knSays("service", "describe", "kept", "-o", "url")).trim();
    assert.equal(await answerOf(url), "one");
    await knSays("service", "update", "kept", "--traffic", "kept-b=100");
    await until("kept-a is pruned", async () => {
      const pruned = await knSays("revision", "delete", "--prune", "kept");
      return pruned.includes("Revision 'kept-a' deleted") || undefined;
    });
    await knSays("service", "delete", "kept", "--wait", "--wait-timeout", "60");
  });

  test("delete waits until everything is gone", async () => {
    const told = await knSays("service", "delete", "hello", "--wait", "--wait-timeout", "60");
    assert.match(told, /Service 'hello' successfully deleted in namespace 'default'/);
    await until("no program left", () => (programsOf(engine.home).length === 0 ? true : undefined));
    assert.match(await knSays("service", "list"), /No services found/);
  });
});
