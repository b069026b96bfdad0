import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "../../../base/clock.ts";
import { systemRandom } from "../../../base/random.ts";
import { ImageStore } from "./image-store.ts";

const root = mkdtempSync(join(tmpdir(), "ebb-images-"));
after(() => rmSync(root, { recursive: true, force: true }));

function storeAt(folder = mkdtempSync(join(root, "store-"))) {
  return { folder, store: new ImageStore({ folder, clock: systemClock, random: systemRandom }) };
}

function program(text = "#!/bin/sh\necho hi\n", name = "hello"): string {
  const path = join(mkdtempSync(join(root, "src-")), name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(root, "app-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

test("an executable file runs itself; tag and host are as in a registry", async () => {
  const { store } = storeAt();
  const added = await store.add("registry.example:5000/a/hello", program());
  assert.equal(added.reference, "registry.example:5000/a/hello:latest");
  assert.match(added.digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(added.command, ["./hello"]);
  for (const name of [
    "registry.example:5000/a/hello",
    added.reference,
    `registry.example:5000/a/hello@${added.digest}`,
  ])
    assert.equal((await store.resolve(name))?.digest, added.digest, name);
  for (const name of ["hello", "registry.example:5000/a/hello:1", "NOT A NAME", `x@sha256:${"0".repeat(64)}`])
    assert.equal(await store.resolve(name), undefined, name);
});

test("a package.json folder runs its start script with its own programs first in PATH", async () => {
  const { store } = storeAt();
  const source = folderOf({
    "package.json": '{"scripts":{"start":"tool one two"}}',
    "node_modules/.bin/tool": '#!/bin/sh\necho "tool $@ $(cat deep/file)"\n',
    "deep/file": "content",
  });
  chmodSync(join(source, "node_modules/.bin/tool"), 0o755);
  const image = await store.add("app", source);
  const copy = join(root, "copy-of-app");
  await store.unpack(image, copy);
  const [shell = "", ...words] = image.command;
  const output = execFileSync(shell, words, { cwd: copy, env: { PATH: "/usr/bin:/bin" }, encoding: "utf8" });
  assert.equal(output, "tool one two content\n");
});

test("a command is the entry point; what cannot run by itself is refused with what to do", async () => {
  const { store } = storeAt();
  const source = folderOf({ "main.txt": "x" });
  assert.deepEqual((await store.add("cmd", source, { command: ["cat", "main.txt"] })).command, [
    "cat",
    "main.txt",
  ]);
  await assert.rejects(store.add("cmd", source), {
    code: "image-unusable",
    message: /has no package\.json; say what runs in it: ebb image add cmd .* -- command…$/,
  });
  await assert.rejects(store.add("cmd", join(source, "main.txt")), {
    message: /is not executable; chmod \+x/,
  });
  await assert.rejects(store.add("cmd", join(source, "missing")), { message: /there is no .*missing/ });
  await assert.rejects(store.add("Not A Name", source), { message: /is not an image name/ });
});

test("the stored copy is read-only, and what a container does to its own copy stays there", async () => {
  const { store, folder } = storeAt();
  const image = await store.add("hello", program());
  const blob = join(folder, "blobs", image.digest.replace(":", "-"), "files", "hello");
  assert.equal(statSync(blob).mode & 0o777, 0o555);
  const copy = join(root, "own-copy");
  await store.unpack(image, copy);
  assert.equal(statSync(join(copy, "hello")).mode & 0o777, 0o755);
  writeFileSync(join(copy, "hello"), "changed");
  writeFileSync(join(copy, "more"), "more");
  const other = join(root, "other-copy");
  await store.unpack(image, other);
  assert.deepEqual(readdirSync(other), ["hello"]);
  assert.equal(readFileSync(join(other, "hello"), "utf8"), "#!/bin/sh\necho hi\n");
});

test("the digest tells content and entry point apart, and the same content has the same", async () => {
  const { store } = storeAt();
  const source = folderOf({ a: "1", "b/c": "2" });
  const same = folderOf({ a: "1", "b/c": "2" });
  const one = await store.add("x:1", source, { command: ["cat", "a"] });
  assert.equal((await store.add("x:2", same, { command: ["cat", "a"] })).digest, one.digest);
  assert.notEqual((await store.add("x:3", source, { command: ["cat", "b/c"] })).digest, one.digest);
  writeFileSync(join(source, "a"), "3");
  const changed = await store.add("x:1", source, { command: ["cat", "a"] });
  assert.notEqual(changed.digest, one.digest);
  assert.equal((await store.resolve("x:1"))?.digest, changed.digest);
  // Revisions name the old one by digest.
  assert.equal((await store.resolve(`x@${one.digest}`))?.digest, one.digest);
});

test("a removed image is gone for new pods, while copies in use stay", async () => {
  const { store, folder } = storeAt();
  const path = program();
  const image = await store.add("hello", path);
  const copy = join(root, "used-copy");
  await store.unpack(image, copy);
  await store.remove("hello");
  assert.equal(await store.resolve("hello"), undefined);
  assert.deepEqual(await store.list(), []);
  assert.deepEqual(readdirSync(join(folder, "blobs")), []);
  assert.ok(existsSync(join(copy, "hello")));
  await assert.rejects(store.remove("hello"), {
    code: "image-missing",
    message: "there is no image hello:latest",
  });
  await assert.rejects(store.unpack(image, join(root, "never")), { code: "image-unusable" });
});

test("another process adds while this one looks; both orders of adding end in a whole image", async () => {
  const { store, folder } = storeAt();
  const sources = [program("#!/bin/sh\necho 1\n"), program("#!/bin/sh\necho 2\n")];
  const script = `
    import { ImageStore } from ${JSON.stringify(new URL("./image-store.ts", import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL("../../../base/clock.ts", import.meta.url).href)};
    import { systemRandom } from ${JSON.stringify(new URL("../../../base/random.ts", import.meta.url).href)};
    const [, folder, path] = process.argv;
    const store = new ImageStore({ folder, clock: systemClock, random: systemRandom });
    for (let round = 0; round < 10; round++) await store.add("raced", path);`;
  const children = sources.map((path) =>
    spawn(process.execPath, ["--input-type=module", "-e", script, folder, path], { stdio: "inherit" }),
  );
  const codes = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
  assert.deepEqual(await Promise.all(codes), [0, 0]);
  const image = await store.resolve("raced");
  assert.ok(image);
  const copy = join(root, "raced-copy");
  await store.unpack(image, copy);
  assert.match(readFileSync(join(copy, "hello"), "utf8"), /echo [12]\n$/);
  assert.deepEqual(readdirSync(folder).sort(), ["blobs", "refs"]);
  assert.equal((await store.list()).length, 1);
});

test("copies made ahead are as good as any, and never given twice", async () => {
  const { folder } = storeAt();
  const tasks: (() => void)[] = [];
  const clock = {
    ...systemClock,
    schedule: (_: number, task: () => void) => {
      tasks.push(task);
      return { cancel() {} };
    },
  };
  const store = new ImageStore({ folder, clock, random: systemRandom });
  await store.keepSpares();
  const image = await store.add("hello", program());
  for (let round = 0; round < 6; round++) {
    const copy = join(root, `spare-${round}`);
    await store.unpack(image, copy);
    assert.deepEqual(readdirSync(copy), ["hello"]);
    for (const task of tasks.splice(0)) task();
    await new Promise((resolve) => setImmediate(resolve));
  }
});
