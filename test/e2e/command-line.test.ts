import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ServiceKind } from "../../src/api/service/kind.ts";
import {
  addImage,
  Command,
  childrenOf,
  type Engine,
  ebb,
  engineUp,
  get,
  isAlive,
  launcher,
  processesNaming,
  program,
  programsOf,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";

/** `ebb` as a command: flags, output, signals and exit codes, each with a process of its own. */

const folder = temporaryFolder("command");
after(() => removeFolder(folder));

/** How long the first signal waits for programs. */
const GRACE_MS = 30_000;

/** Ignores SIGTERM, and starts a program in a process group of its own. */
const DEAF = `
require("node:http").createServer((_, response) => response.end("deaf")).listen(process.env.PORT);
process.on("SIGTERM", () => {});
require("node:child_process").spawn("sleep", ["600"], { detached: true, stdio: "ignore" }).unref();
`;

async function taken(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, server };
}

async function deploy(engine: Engine, name: string, source?: string): Promise<string> {
  await addImage(engine.home, name, program(folder, source));
  await engine.client.create(ServiceKind, service(name, { image: name }));
  return readyUrl(engine.client, name);
}

describe("ebb up", () => {
  const home = join(folder, "up");
  let engine: Engine;

  before(async () => {
    engine = await engineUp({ home });
  });

  after(async () => {
    await engine.stop();
  });

  test("-o json says in one line where gateway, API and kubeconfig are", async () => {
    assert.equal(engine.command.stdout.trimEnd().split("\n").length, 1);
    const { ready } = engine;
    assert.deepEqual(Object.keys(ready), [
      "event",
      "gateway",
      "api",
      "kubeconfig",
      "ms",
      "gatewayTls",
      "authority",
    ]);
    assert.equal(ready.event, "ready");
    assert.match(ready.gateway, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.match(ready.gatewayTls, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.match(ready.api, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(ready.kubeconfig, join(home, "kubeconfig"));
    assert.equal(ready.authority, join(home, "ca.crt"));
    assert.equal(Number.isInteger(ready.ms), true);
    assert.equal(statSync(ready.kubeconfig).mode & 0o777, 0o600);
    assert.equal(statSync(home).mode & 0o077, 0);
    const unknown = await get(`${ready.gateway}/`);
    assert.equal(unknown.status, 404);
  });

  test("a second engine on the same home exits 1 and names the first one's process", async () => {
    const { code, stderr } = await ebb(["up", "--home", home, "--http-port", "0", "--api-port", "0"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`^ebb: the home ${home} is in use by process ${engine.pid} \\(.*\\); .*--home DIR\\n$`),
    );
  });

  test("a taken port is one sentence and exit code 1, for each port", async () => {
    const { port, server } = await taken();
    const sentences = {
      "--http-port": `port ${port} of 127.0.0.1 is taken by another program; choose another with --http-port N (0 = any free port)`,
      "--https-port": `port ${port} of 127.0.0.1 is taken by another program; choose another with --https-port N (0 = any free port)`,
      "--api-port": `cannot serve the API on 127.0.0.1:${port}: another process listens there; choose another port with --api-port (0 = any free one)`,
    };
    try {
      for (const [flag, sentence] of Object.entries(sentences)) {
        const fresh = join(folder, `taken${flag}`);
        const others = Object.keys(sentences).filter((other) => other !== flag);
        const ports = [flag, String(port), ...others.flatMap((other) => [other, "0"])];
        const args = ["up", "--home", fresh, ...ports, "-o", "json"];
        const { code, stdout, stderr } = await ebb(args);
        assert.deepEqual({ code, stdout, stderr }, { code: 1, stdout: "", stderr: `ebb: ${sentence}\n` });
        assert.deepEqual(processesNaming(fresh), []);
        assert.equal(existsSync(join(fresh, "engine.lock")), false);
      }
    } finally {
      server.close();
    }
  });

  test("SIGTERM lets the request in flight end, stops the pods and exits 0", async () => {
    const seen = join(folder, "seen");
    const url = await deploy(
      engine,
      "slow",
      `const server = require("node:http").createServer((request, response) => {
        if (request.url === "/slow") require("node:fs").writeFileSync(${JSON.stringify(seen)}, "");
        setTimeout(() => response.end("whole"), request.url === "/slow" ? 700 : 0);
      }).listen(process.env.PORT);
      process.on("SIGTERM", () => server.close(() => process.exit(0)));`,
    );
    const answering = get(`${url}/slow`);
    await until("the request in flight", () => (existsSync(seen) ? true : undefined));
    const { code, signal, stderr } = await engine.stop();
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.match(stderr, /^stopping: /m);
    assert.equal((await answering).body, "whole");
    assert.deepEqual(programsOf(home), []);
    assert.deepEqual(processesNaming(home), []);
    assert.equal(existsSync(join(home, "engine.lock")), false);
  });
});

describe("ebb up, stopped twice", () => {
  test("a second signal ends the engine and its programs at once, and the next engine starts them again", async () => {
    const home = join(folder, "twice");
    const engine = await engineUp({ env: { EBB_HOME: home } });
    assert.equal(engine.home, home);
    await deploy(engine, "deaf", DEAF);
    engine.command.child.kill("SIGINT");
    await until("the engine stops", () => (engine.command.stderr.includes("stopping") ? true : undefined));
    const programs = programsOf(home);
    assert.equal(programs.length, 2, "the program and what it started apart from itself");
    const signalledMs = performance.now();
    engine.client.close();
    engine.command.child.kill("SIGINT");
    const { code } = await engine.command.ended;
    assert.equal(code, 1);
    assert.equal(performance.now() - signalledMs < GRACE_MS / 2, true, "it waited for the programs");
    // No next engine is needed: shims end by themselves when their programs have.
    await until("no process", () => (processesNaming(home).length === 0 ? true : undefined));
    assert.deepEqual(programsOf(home), []);
    const next = await engineUp({ home });
    const url = await until("the URL with the new port", async () => {
      const found = await readyUrl(next.client, "deaf");
      return found.endsWith(`:${new URL(next.ready.gateway).port}`) ? found : undefined;
    });
    assert.equal((await get(url)).body, "deaf");
    assert.equal(programsOf(home).length, 2);
    next.client.close();
    next.command.child.kill("SIGINT");
    next.command.child.kill("SIGTERM");
    await next.command.ended;
    await until("no process", () => (processesNaming(home).length === 0 ? true : undefined));
    assert.deepEqual(programsOf(home), []);
  });
});

describe("ebb up under npm", () => {
  test("drains and ends when its parent has died", async () => {
    const home = join(folder, "npx");
    const line = `"${launcher}" up --home "${home}" --http-port 0 --api-port 0 -o json & wait`;
    const parent = spawn("/bin/sh", ["-c", line], {
      env: { PATH: process.env.PATH ?? "", HOME: folder, npm_execpath: "/somewhere/npm-cli.js" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let stdout = "";
    parent.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    await until("the ready line", () => (stdout.includes("\n") ? true : undefined));
    const engine = childrenOf(parent.pid ?? 0)[0] ?? 0;
    assert.notEqual(engine, 0);
    parent.kill("SIGTERM");
    await until("the engine's end", () => (isAlive(engine) ? undefined : true));
    assert.deepEqual(processesNaming(home), []);
    assert.equal(existsSync(join(home, "engine.lock")), false);
  });
});

describe("ebb image", () => {
  const home = join(folder, "images");
  const image = (...args: string[]) => ebb(["image", ...args], { EBB_HOME: home });

  test("adds, lists and removes, and each tells what it did", async () => {
    const { path, command } = program(folder);
    const added = await image("add", "greeter:v1", path, "--", ...command, "--flag");
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /greeter:v1 sha256:[0-9a-f]{64} runs: .*program\.cjs --flag\n$/);
    const listed = await image("list");
    assert.match(
      listed.stdout,
      /^NAME +DIGEST +SIZE +COMMAND\n.*greeter:v1 +sha256:[0-9a-f]{12} +1 KiB +.*\n$/,
    );
    assert.match((await image("remove", "greeter:v1")).stdout, /^removed greeter:v1\n$/);
    assert.equal((await image("list")).stdout.trimEnd(), "NAME   DIGEST   SIZE   COMMAND");
    const again = await image("remove", "greeter:v1");
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^ebb: there is no image .*greeter:v1\n$/);
  });

  test("without a command an executable runs itself and a package its start script", async () => {
    const file = join(folder, "native");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
    assert.match((await image("add", "native", file)).stdout, /runs: \.\/native\n/);
    const packaged = join(folder, "packaged");
    mkdirSync(packaged);
    writeFileSync(join(packaged, "package.json"), '{"scripts":{"start":"node here.js"}}');
    assert.match((await image("add", "packaged", packaged)).stdout, /runs: .*node here\.js\n/);
    const bare = join(folder, "bare");
    mkdirSync(bare);
    const refused = await image("add", "bare", bare);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^ebb: .*\n$/);
  });

  test("what cannot be added is said in one sentence", async () => {
    for (const args of [
      ["add", "x"],
      ["add", "x", "/nowhere"],
      ["add", "UPPER CASE", folder],
      ["bake"],
      [],
    ]) {
      const { code, stderr } = await image(...args);
      assert.equal(code, 1);
      assert.match(stderr, /^ebb: [^\n]+\n$/);
    }
  });
});

describe("ebb", () => {
  test("version prints the package's version", async () => {
    const { version } = JSON.parse(readFileSync(join(launcher, "../../package.json"), "utf8"));
    for (const name of ["version", "--version"]) {
      const { code, stdout } = await ebb([name]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^ebb ${version.replaceAll(".", "\\.")} \\(node v.*\\)\n$`));
    }
  });

  test("help lists the commands, and goes to nobody by mistake", async () => {
    const help = await ebb(["help"]);
    assert.equal(help.code, 0);
    for (const word of [
      "ebb up",
      "image add",
      "version",
      "--home",
      "--http-port",
      "--https-port",
      "--api-port",
    ]) {
      assert.equal(help.stdout.includes(word), true, word);
    }
    assert.equal((await ebb([])).code, 1);
  });

  test("each command answers --help with the same text, and starts nothing", async () => {
    const { stdout } = await ebb(["help"]);
    for (const args of [
      ["up", "--help"],
      ["image", "add", "-h"],
      ["version", "--help"],
    ]) {
      assert.deepEqual(await ebb(args), { code: 0, signal: null, stdout, stderr: "" }, args.join(" "));
    }
  });

  test("an unknown command, flag, value or argument is refused and named", async () => {
    const cases: [string[], RegExp][] = [
      [["upp"], /"upp"/],
      [["up", "--hom", "x"], /--hom/],
      [["up", "-o", "yaml"], /yaml/],
      [["up", "--http-port", "80a"], /--http-port .*"80a"/],
      [["up", "--api-port", "65536"], /--api-port .*"65536"/],
      [["up", "extra"], /"extra"/],
      [["image", "list", "--colour"], /--colour/],
    ];
    const never = { EBB_HOME: join(folder, "never") };
    await Promise.all(
      cases.map(async ([args, named]) => {
        const { code, stdout, stderr } = await ebb(args, never);
        assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, args.join(" "));
        assert.match(stderr, /^ebb: [^\n]+\n$/);
        assert.match(stderr, named);
      }),
    );
    assert.equal(existsSync(join(folder, "never")), false);
  });

  test("a signal before the engine is ready ends it and leaves nothing behind", async () => {
    const home = join(folder, "early");
    const command = new Command({ args: ["up", "--home", home, "--http-port", "0", "--api-port", "0"] });
    await until("the lock", () => (existsSync(join(home, "engine.lock")) ? true : undefined));
    command.child.kill("SIGTERM");
    const { code } = await command.ended;
    assert.equal(code, 0);
    await until("no process of it", () => (processesNaming(home).length === 0 ? true : undefined));
  });
});
