import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import { type Pod, PodKind } from "../../src/api/pod/kind.ts";
import { ServiceKind } from "../../src/api/service/kind.ts";
import {
  addImage,
  type Engine,
  ebb,
  engineUp,
  program,
  readyUrl,
  removeFolder,
  service,
  temporaryFolder,
  until,
} from "../support/engine.ts";
import { BUILD_TIMEOUT_MS } from "../support/go.ts";
import { kubectlEnv, kubectls, skipWithoutKubectl } from "../support/kubectls.ts";
import { type Ran, run } from "../support/run.ts";

/** `kubectl exec` and `attach` against the whole engine, over each carrier: streams, exit codes, terminals, rights. */

const folder = temporaryFolder("exec");
const hasTerminals = existsSync("/usr/bin/script");
let engine: Engine;
let servicePod = "";

/** Says what it reads, and ends at "bye" or at the end of its input, with what it has read. */
const READER = `
process.stdout.write("ready\\n");
let text = "";
process.stdin.on("data", (part) => {
  text += part;
  process.stdout.write("got " + part);
  if (String(part).includes("bye")) process.exit(3);
});
process.stdin.on("end", () => { console.log("whole " + text.length); process.exit(0); });
`;

function readerPod(name: string, more: object): Pod {
  return {
    metadata: { name, namespace: "default" },
    spec: {
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: "reader", ...more }],
    },
  };
}

async function startReader(name: string, more: object): Promise<void> {
  await engine.client.create(PodKind, readerPod(name, more));
  await until("a running pod", async () => {
    const { status } = await engine.client.get(PodKind, { namespace: "default", name });
    return status?.containerStatuses?.[0]?.state?.running;
  });
}

for (const [number, { about, carrier, path: build }] of kubectls.entries()) {
  let path = "";
  before(
    async () => {
      path = await build(folder);
    },
    { timeout: BUILD_TIMEOUT_MS },
  );
  const kubectl = (args: readonly string[], stdin = "") =>
    run(path, args, { env: kubectlEnv(engine.ready.kubeconfig, folder, carrier), stdin });
  const exec = (options: readonly string[], command: readonly string[], stdin = ""): Promise<Ran> =>
    kubectl(["exec", ...options, servicePod, "-c", "user-container", "--", ...command], stdin);
  /** On a terminal of that size, whose device the line finds in $OUTER. */
  const onTerminal = (line: string, stdin = "") =>
    run("script", ["-qec", `OUTER=$(tty); stty rows 33 cols 91; ${line}`, "/dev/null"], {
      env: { ...kubectlEnv(engine.ready.kubeconfig, folder, carrier), SHELL: "/bin/sh" },
      stdin,
    });

  describe(`kubectl exec (${about})`, () => {
    test("output of both kinds comes back, in the container's environment and with its volumes", async () => {
      const script = 'echo "$COLOUR"; cat "$EBB_ROOT/ebb-exec-data/greeting"; echo oops >&2';
      const { code, stdout, stderr } = await exec([], ["sh", "-c", script]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "green\nhello from a volume");
      assert.match(stderr, /oops/);
    });

    test("the exit code is the command's", async () => {
      const { code, stderr } = await exec([], ["sh", "-c", "exit 7"]);
      assert.equal(code, 7);
      assert.match(stderr, /command terminated with exit code 7/);
    });

    test("stdin arrives whole and ends", async () => {
      const input = "line of text\n".repeat(20_000);
      const { code, stdout, stderr } = await exec(["-i"], ["sh", "-c", "wc -c; echo end"], input);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.replace(/\s+/g, " ").trim(), `${input.length} end`);
    });

    test("a command that does not read its input ends all the same", async () => {
      const { code, stdout, stderr } = await exec(["-i"], ["echo", "done"], "x".repeat(3_000_000));
      assert.deepEqual([code, stdout], [0, "done\n"], stderr);
    });

    test("much output comes whole, as fast as the client takes it", async () => {
      const { code, stdout } = await exec([], ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
      assert.equal(code, 0);
      assert.equal(stdout.length, 3_000_000);
    });

    test("a command that is not there is told", async () => {
      const missing = await exec([], ["no-such-command"]);
      assert.notEqual(missing.code, 0);
      assert.match(missing.stderr, /no-such-command/);
    });

    test("a command ends with its client", async () => {
      const mark = `31${process.pid}.${number}`;
      const env = kubectlEnv(engine.ready.kubeconfig, folder, carrier);
      const args = ["exec", servicePod, "-c", "user-container", "--", "sleep", mark];
      await run(path, args, { env, timeoutMs: 1500 });
      const runs = () => spawnSync("pgrep", ["-f", `^[^ ]*sleep ${mark}`], { encoding: "utf8" }).stdout;
      await until("the command's end", async () => runs() === "" || undefined);
    });

    test("a terminal has the client's size, and follows it", { skip: !hasTerminals }, async () => {
      const inner = "tty; stty size; touch $HOME/sized; sleep 2; stty size";
      const change = `(while [ ! -e '${folder}/changed' ]; do sleep 0.1; done; stty -F $OUTER rows 40 cols 120)`;
      const line = `${change} & ${path} exec -it ${servicePod} -c user-container -- sh -c '${inner}'`;
      const ran = onTerminal(line);
      setTimeout(() => spawnSync("touch", [`${folder}/changed`]), 1500);
      const { code, stdout } = await ran;
      assert.equal(code, 0, stdout);
      assert.match(stdout, /\/dev\/pts\/\d+\r\n(0 0|33 91)\r\n40 120/);
      spawnSync("rm", [`${folder}/changed`]);
    });
  });

  describe(`kubectl attach (${about})`, () => {
    test("reaches the program's input and output, which outlive a client", async () => {
      const name = `open-${number}`;
      await startReader(name, { stdin: true });
      const first = kubectl(["attach", "-i", name], "hello\n");
      await until(
        "an answer",
        async () => /got hello/.test((await kubectl(["logs", name])).stdout) || undefined,
      );
      const second = await kubectl(["attach", "-i", name], "bye\n");
      assert.match(second.stdout, /got bye/);
      assert.match((await first).stdout, /got hello/);
      const { status } = await engine.client.get(PodKind, { namespace: "default", name });
      assert.equal(status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 3);
    });

    test("ends the input with its own where that is for one client", async () => {
      const name = `once-${number}`;
      await startReader(name, { stdin: true, stdinOnce: true });
      const input = "0123456789\n".repeat(50_000);
      const { stdout, stderr } = await kubectl(["attach", "-i", "-q", name], input);
      assert.match(stdout, new RegExp(`whole ${input.length}\n$`), stderr);
    });

    test("kubectl run gives a program input and a terminal", { skip: !hasTerminals }, async () => {
      const name = `run-${number}`;
      const piped = await kubectl(
        ["run", name, "-i", "-q", "--rm", "--restart=Never", "--image=reader", "--pod-running-timeout=20s"],
        "some text",
      );
      assert.match(piped.stdout, /whole 9/, piped.stderr);
      const line = `${path} run ${name}-tty -it -q --rm --restart=Never --image=reader --command -- sh -c "tty; read x; echo \\$x; stty size"`;
      const { stdout } = await onTerminal(`(sleep 2; echo typed) | ${line}`);
      assert.match(stdout, /typed/);
    });
  });
}

describe("who may", { skip: skipWithoutKubectl }, () => {
  const kube = (...args: string[]) =>
    run("kubectl", args, { env: kubectlEnv(engine.ready.kubeconfig, folder, "WebSocket") });
  const grant = (role: string, subject: string) =>
    kube("create", "rolebinding", `${role}${subject.replace(/\W/g, "-")}`, `--clusterrole=${role}`, subject);

  test("streams into pods need a right of their own, for a bearer of a token from kubectl create token", async () => {
    await kube("create", "serviceaccount", "worker");
    const created = await kube("create", "token", "worker", "--duration=20m");
    assert.equal(created.stdout.split(".").length, 3, created.stderr);
    const token = `--token=${created.stdout.trim()}`;
    const connection = connectionOf(readFileSync(engine.ready.kubeconfig, "utf8"));
    const asWorker = (...args: string[]) => kube(...connection, token, ...args);
    await grant("view", "--serviceaccount=default:worker");
    const command = ["-c", "user-container", "--", "echo", "done"];
    for (const [verb, resource, rest] of [
      ["exec", "exec", command],
      ["attach", "attach", ["-c", "user-container"]],
      ["port-forward", "portforward", [":8080"]],
    ] as const) {
      const { stderr } = await asWorker(verb, servicePod, ...rest);
      const user = "system:serviceaccount:default:worker";
      const text = `forbidden: User "${user}" cannot (get|create) resource "pods/${resource}"`;
      assert.match(stderr, new RegExp(text));
    }
    await grant("edit", "--serviceaccount=default:worker");
    assert.equal((await asWorker("exec", servicePod, ...command)).stdout, "done\n");
  });

  test("a user of ebb kubeconfig is known by name and groups, and may what these are given", async () => {
    const made = await ebb(["kubeconfig", "--user", "jane", "--group", "devs", "--home", `${folder}/home`]);
    const file = `${folder}/jane`;
    writeFileSync(file, made.stdout);
    const asJane = (...args: string[]) => kube(`--kubeconfig=${file}`, ...args);
    assert.match((await asJane("auth", "whoami")).stdout, /jane\s[\s\S]*devs/);
    assert.match((await asJane("get", "ksvc")).stderr, /User "jane" cannot list resource "services"/);
    await grant("view", "--group=devs");
    assert.match((await asJane("get", "ksvc")).stdout, /hello/);
    assert.equal((await asJane("auth", "can-i", "create", "pods/exec")).stdout, "no\n");
    assert.match((await asJane("get", "secrets")).stderr, /cannot list resource "secrets"/);
    assert.match((await asJane("delete", "ksvc", "hello")).stderr, /cannot delete resource "services"/);
  });
});

/** How the engine is reached, without who the administrator is. */
function connectionOf(kubeconfig: string): string[] {
  const [, server] = /server: (\S+)/.exec(kubeconfig) ?? [];
  const [, authority = ""] = /certificate-authority-data: (\S+)/.exec(kubeconfig) ?? [];
  const file = `${folder}/authority.crt`;
  writeFileSync(file, Buffer.from(authority, "base64"));
  return ["--kubeconfig=/dev/null", `--server=${server}`, `--certificate-authority=${file}`];
}

before(async () => {
  if (kubectls.length === 0) return;
  engine = await engineUp({ home: `${folder}/home` });
  await addImage(engine.home, "hello", program(folder));
  await addImage(engine.home, "reader", program(folder, READER));
  const key = { namespace: "default", name: "data" };
  await engine.client.create(ConfigMapKind, { metadata: key, data: { greeting: "hello from a volume" } });
  await engine.client.create(
    ServiceKind,
    service("hello", {
      image: "hello",
      annotations: { "autoscaling.knative.dev/min-scale": "1" },
      container: {
        env: [{ name: "COLOUR", value: "green" }],
        volumeMounts: [{ name: "data", mountPath: "/ebb-exec-data", readOnly: true }],
      },
      spec: { volumes: [{ name: "data", configMap: { name: "data" } }] },
    }),
  );
  await readyUrl(engine.client, "hello");
  servicePod = await until("a pod", async () => (await engine.client.list(PodKind)).items[0]?.metadata.name);
});

after(async () => {
  await engine?.stop();
  removeFolder(folder);
});
