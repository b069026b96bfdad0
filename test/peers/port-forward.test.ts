import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { DeploymentKind } from "../../src/api/deployment/kind.ts";
import { type Pod, PodKind } from "../../src/api/pod/kind.ts";
import {
  addImage,
  type Engine,
  engineUp,
  program,
  removeFolder,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { BUILD_TIMEOUT_MS } from "../support/go.ts";
import { kubectlEnv, kubectls, skipWithoutKubectl } from "../support/kubectls.ts";
import { run } from "../support/run.ts";

/** `kubectl port-forward` against the whole engine, over each carrier that the kubectls know. */

const folder = temporaryFolder("forward");
let engine: Engine;

/** Answers with the hash of what it got, with bytes of its own, or not at all. */
const SOURCE = `
const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://x");
  if (pathname === "/held") return;
  if (pathname === "/bytes") {
    let left = Number(searchParams.get("n"));
    const more = () => {
      while (left > 0) {
        const part = Buffer.alloc(Math.min(left, 65536), left % 251);
        left -= part.length;
        if (!response.write(part)) return response.once("drain", more);
      }
      response.end();
    };
    return more();
  }
  const hash = createHash("sha256");
  request.on("data", (part) => hash.update(part)).on("end", () => response.end(hash.digest("hex")));
}).listen(process.env.PORT);
`;

const MANY = 100 * 1024 * 1024;

/** A hundred megabytes in which every part differs from its neighbours. */
function* parts(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536), left % 251);
}

function hashOf(chunks: Iterable<Buffer>): string {
  const hash = createHash("sha256");
  for (const part of chunks) hash.update(part);
  return hash.digest("hex");
}

class Forward {
  readonly child: ChildProcess;
  #stdout = "";
  #stderr = "";

  constructor(kubectl: string, args: readonly string[], env: Record<string, string | undefined>) {
    this.child = spawn(kubectl, ["port-forward", ...args], { env });
    this.child.stdout?.on("data", (text) => {
      this.#stdout += text;
    });
    this.child.stderr?.on("data", (text) => {
      this.#stderr += text;
    });
  }

  get errors(): string {
    return this.#stderr;
  }

  /** The local port of the n-th forwarded one. */
  port(index = 0): Promise<number> {
    return until("a forwarded port", async () => {
      const found = [...this.#stdout.matchAll(/127\.0\.0\.1:(\d+) -> /g)][index]?.[1];
      if (!found && this.child.exitCode !== null) throw new Error(`kubectl ended: ${this.#stderr}`);
      return found === undefined ? undefined : Number(found);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill("SIGINT");
    await once(this.child, "exit");
  }
}

function send(port: number, path: string, body?: Iterable<Buffer>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const method = body ? "POST" : "GET";
    const outgoing = request({ host: "127.0.0.1", port, path, method, agent: false }, resolve);
    outgoing.on("error", reject);
    if (!body) return void outgoing.end();
    const iterator = body[Symbol.iterator]();
    const more = () => {
      for (let next = iterator.next(); !next.done; next = iterator.next())
        if (!outgoing.write(next.value)) return void outgoing.once("drain", more);
      outgoing.end();
    };
    more();
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of answer) text += part;
  return text;
}

function serverPod(name: string): Pod {
  return {
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: {
      containers: [
        {
          name: "main",
          image: "server",
          ports: [{ containerPort: 8080, name: "http" }],
          readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
        },
      ],
    },
  };
}

async function startPod(name: string): Promise<void> {
  await engine.client.create(PodKind, serverPod(name));
  await until("a ready pod", async () => {
    const { status } = await engine.client.get(PodKind, { namespace: "default", name });
    return status?.containerStatuses?.[0]?.ready || undefined;
  });
}

describe("kubectl port-forward", { skip: kubectls.length > 0 ? false : "no kubectl" }, () => {
  before(async () => {
    engine = await engineUp({ home: `${folder}/home` });
    await addImage(engine.home, "server", program(folder, SOURCE));
    await startPod("server");
  });

  after(async () => {
    await engine?.stop();
    removeFolder(folder);
  });

  for (const { about, carrier, path: build } of kubectls) {
    describe(about, () => {
      let path = "";
      before(
        async () => {
          path = await build(folder);
        },
        { timeout: BUILD_TIMEOUT_MS },
      );
      const forward = (...args: string[]) =>
        new Forward(path, args, kubectlEnv(engine.ready.kubeconfig, folder, carrier));

      test(`requests pass, also large ones in both directions`, async () => {
        const forwarding = forward("pod/server", ":8080");
        const port = await forwarding.port();
        assert.equal(
          await textOf(await send(port, "/", [Buffer.from("hello")])),
          hashOf([Buffer.from("hello")]),
        );
        const sums = await Promise.all([
          send(port, "/", parts(MANY)).then(textOf),
          send(port, `/bytes?n=${MANY}`).then(async (answer) => {
            const hash = createHash("sha256");
            for await (const part of answer) hash.update(part as Buffer);
            return hash.digest("hex");
          }),
        ]);
        assert.deepEqual(sums, [hashOf(parts(MANY)), hashOf(parts(MANY))]);
        await forwarding.stop();
      });

      test(`one that stands still does not hold up others, and may leave`, async () => {
        const forwarding = forward("pod/server", ":8080");
        const port = await forwarding.port();
        const held = connect(port, "127.0.0.1");
        held.on("error", () => {});
        held.write("GET /held HTTP/1.1\r\nhost: x\r\n\r\n");
        const answers = await Promise.all(Array.from({ length: 20 }, () => send(port, "/").then(textOf)));
        assert.deepEqual(new Set(answers), new Set([hashOf([])]));
        held.destroy();
        assert.equal(await textOf(await send(port, "/")), hashOf([]));
        await forwarding.stop();
      });

      test(`a port where nothing listens is told, with those that are declared`, async () => {
        const forwarding = forward("pod/server", ":9999");
        const port = await forwarding.port();
        await assert.rejects(send(port, "/").then(textOf));
        await until("an error", async () => forwarding.errors.includes("declare 8080") || undefined);
        assert.match(
          forwarding.errors,
          /cannot connect to port 9999 of pod .*server.*: connect ECONNREFUSED/,
        );
        await forwarding.stop();
      });

      test(`the forward ends with its pod`, async () => {
        await startPod(`mortal`);
        const forwarding = forward("pod/mortal", ":8080");
        const port = await forwarding.port();
        assert.equal(await textOf(await send(port, "/")), hashOf([]));
        await engine.client.delete(PodKind, { namespace: "default", name: "mortal" }, {});
        await until("the end", async () => forwarding.errors.includes("lost connection to pod") || undefined);
        await forwarding.stop();
      });
    });
  }

  test("a service and a deployment lead to one of their pods", { skip: skipWithoutKubectl }, async () => {
    const { metadata, spec } = serverPod("fleet");
    const selector = { matchLabels: { app: "fleet" } };
    const template = { metadata: { labels: metadata.labels ?? {} }, spec };
    await engine.client.create(DeploymentKind, {
      metadata: { name: "fleet", namespace: "default" },
      spec: { replicas: 1, selector, template },
    });
    const env = kubectlEnv(engine.ready.kubeconfig, folder, "WebSocket");
    const kube = (...args: string[]) => run("kubectl", args, { env });
    await kube("rollout", "status", "deployment/fleet", "--timeout=20s");
    await kube("expose", "deployment/fleet", "--port=80", "--target-port=http");
    for (const target of ["deployment/fleet", "service/fleet"]) {
      const forwarding = new Forward(
        "kubectl",
        [target, target.startsWith("service") ? ":80" : ":8080"],
        env,
      );
      assert.equal(await textOf(await send(await forwarding.port(), "/")), hashOf([]));
      await forwarding.stop();
    }
  });

  test("a pod that does not run is told, and so is a caller who may not", {
    skip: skipWithoutKubectl,
  }, async () => {
    const pod = serverPod("never");
    await engine.client.create(PodKind, {
      ...pod,
      spec: { containers: [{ name: "main", image: "no-such" }] },
    });
    const env = kubectlEnv(engine.ready.kubeconfig, folder, "WebSocket");
    const kube = (...args: string[]) => run("kubectl", args, { env });
    const raw = await kube("get", "--raw", "/api/v1/namespaces/default/pods/never/portforward?ports=8080");
    assert.match(raw.stderr, /cannot forward ports of pod "never": it is not running/);
    assert.match((await kube("port-forward", "pod/never", ":8080")).stderr, /pod is not running/);
    const refused = await kube("port-forward", "pod/server", ":8080", "--as=nobody", "--as-group=nobodies");
    assert.match(refused.stderr, /forbidden: User "nobody" cannot get resource "pods"/);
  });
});
