import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigMapKind } from "../../src/api/config-map/kind.ts";
import type { Container } from "../../src/api/container.ts";
import type { ApiObject, ObjectKey } from "../../src/api/object.ts";
import { type Service, ServiceKind } from "../../src/api/service/kind.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { HttpClient } from "../../src/kube/http-client.ts";
import { parseKubeconfig } from "../../src/kube/kubeconfig.ts";

/** A whole engine as its users meet it: processes, ports and files, for the end-to-end tests. */

export const launcher = fileURLToPath(new URL("../../bin/ebb", import.meta.url));

/** How long a test waits for what must come, on a machine that has much else to do. */
const PATIENCE_MS = 60_000;

/** The shortest windows that Knative allows. */
const SHORT_WINDOWS = { "stable-window": "6s", "scale-to-zero-grace-period": "1s" };

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `ebb-e2e-${name}-`));
}

/** Says which pod answered, and logs each request with whether the probe asked. */
const ANSWER = `
const server = require("node:http").createServer((request, response) => {
  console.log(request.method + " " + request.url + " " + (request.headers["user-agent"] ?? ""));
  response.end(process.env.K_REVISION + " " + process.pid);
});
setTimeout(() => server.listen(process.env.PORT), Number(process.env.START_MS ?? 0));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** What an image is made of. */
export interface Program {
  readonly path: string;
  readonly command: readonly string[];
}

/** A folder with a program for `ebb image add`, and its command. */
export function program(folder: string, source = ANSWER): Program {
  const path = mkdtempSync(join(folder, "program-"));
  writeFileSync(join(path, "program.cjs"), source);
  return { path, command: [process.execPath, "program.cjs"] };
}

export interface RunOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the command. */
  readonly before?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";

  constructor({ args, env = {}, before = [] }: RunOptions) {
    const { PATH = "", HOME = "", NODE_COMPILE_CACHE } = process.env;
    const inherited = { PATH, HOME, TMPDIR: tmpdir(), ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) };
    const [program = launcher, ...words] = [...before, launcher, ...args];
    this.child = spawn(program, words, { env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) =>
      this.child.once("close", (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      ),
    );
  }
}

/** Runs one command to its end. */
export function ebb(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Command({ args, env }).ended;
}

/** `ebb image add` for the engine at `home`. */
export async function addImage(home: string, name: string, { path, command }: Program): Promise<void> {
  const { code, stderr } = await ebb(["image", "add", "--home", home, name, path, "--", ...command]);
  assert.equal(code, 0, stderr);
}

export interface ReadyLine {
  readonly event: "ready";
  readonly gateway: string;
  readonly gatewayTls: string;
  readonly authority: string;
  readonly api: string;
  readonly kubeconfig: string;
  readonly ms: number;
}

/** `ebb up -o json` as a process of its own. */
export class Engine {
  readonly command: Command;
  readonly ready: ReadyLine;
  readonly client: HttpClient;
  readonly home: string;

  constructor(command: Command, ready: ReadyLine) {
    this.command = command;
    this.ready = ready;
    this.home = join(ready.kubeconfig, "..");
    this.client = clientOf(ready.kubeconfig);
  }

  get pid(): number {
    return this.command.child.pid ?? 0;
  }

  /** The engine's own data-plane process. */
  dataPlanePid(): number {
    const found = childrenOf(this.pid).find((pid) => commandLine(pid).includes("data-plane-process"));
    assert(found, "the engine has no data-plane process");
    return found;
  }

  async kill(): Promise<Ended> {
    this.client.close();
    this.command.child.kill("SIGKILL");
    return this.command.ended;
  }

  async stop(): Promise<Ended> {
    this.client.close();
    this.command.child.kill("SIGTERM");
    return this.command.ended;
  }
}

export async function engineUp(options: {
  readonly home?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Engine> {
  const where = options.home === undefined ? [] : ["--home", options.home];
  const ports = ["--http-port", "0", "--https-port", "0", "--api-port", "0", "-o", "json"];
  const args = ["up", ...where, ...ports, ...(options.args ?? [])];
  const command = new Command({ args, env: options.env ?? {} });
  const line = await until("the ready line", async () => {
    if (command.stdout.includes("\n")) return command.stdout;
    const { exitCode, signalCode } = command.child;
    if (exitCode === null && signalCode === null) return undefined;
    throw new Error(`the engine ended (${exitCode ?? signalCode}): ${command.stderr}`);
  }).catch((thrown) => {
    command.child.kill("SIGKILL");
    throw thrown;
  });
  return new Engine(command, JSON.parse(line) as ReadyLine);
}

function clientOf(kubeconfig: string): HttpClient {
  return new HttpClient(
    parseKubeconfig(readFileSync(kubeconfig, "utf8"), (path) => readFileSync(path, "utf8")),
  );
}

/** Lets Services go to zero as soon as Knative allows it. */
export async function shortenWindows(client: KubeClient): Promise<void> {
  const key = { namespace: "knative-serving", name: "config-autoscaler" };
  await client.patch(ConfigMapKind, key, { type: "merge", body: { data: SHORT_WINDOWS } });
}

export interface ServiceOptions {
  readonly image: string;
  readonly container?: Partial<Container>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export function service(name: string, { image, container, annotations, spec }: ServiceOptions): Service {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: {
      template: {
        metadata: { annotations: { ...annotations } },
        spec: { ...spec, containers: [{ name: "", image, ...container } as Container] },
      },
    },
  };
}

/** Resolves when the Service is Ready, with its URL. */
export async function readyUrl(client: KubeClient, name: string, timeoutMs = PATIENCE_MS): Promise<string> {
  const found = await until(
    `Service ${name} Ready`,
    async () => {
      const { metadata, status } = await client.get(ServiceKind, { namespace: "default", name });
      const isReady = status?.conditions?.some((one) => one.type === "Ready" && one.status === "True");
      return isReady && status?.observedGeneration === metadata.generation ? status?.url : undefined;
    },
    timeoutMs,
  );
  return found;
}

export async function readyCondition(client: KubeClient, key: ObjectKey) {
  const { status } = await client.get(ServiceKind, key);
  return status?.conditions?.find(({ type }) => type === "Ready");
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, as curl sends it to a name under .localhost. */
export function get(
  url: string,
  options: { headers?: Record<string, string>; timeoutMs?: number; at?: string } = {},
): Promise<Answer> {
  const { hostname, port, pathname, search, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: options.at ?? (hostname.endsWith(".localhost") ? "127.0.0.1" : hostname),
      port: port || 80,
      path: pathname + search,
      agent: false,
      headers: { host, ...options.headers },
    });
    const timeoutMs = options.timeoutMs ?? PATIENCE_MS;
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    outgoing.once("error", reject);
    outgoing.once("close", () => clearTimeout(timer));
    outgoing.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    outgoing.end();
  });
}

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`${what} was not reached within ${timeoutMs} ms`);
    await pause(25);
  }
}

/** Programs of pods of the engine at `home` that are alive; Linux only. */
export function programsOf(home: string, service?: string): number[] {
  const pattern = service === undefined ? "K_REVISION=" : `K_SERVICE=${service}\0`;
  return pids().filter((pid) => {
    const environment = readProc(pid, "environ");
    return environment.includes(pattern) && environment.includes(home);
  });
}

/** Every process whose command line names the engine's home: shims, forkers and the engine itself. */
export function processesNaming(home: string): string[] {
  return pids()
    .filter((pid) => pid !== process.pid)
    .map((pid) => `${pid} ${commandLine(pid)}`)
    .filter((line) => line.includes(home));
}

export function childrenOf(pid: number): number[] {
  return pids().filter((one) => {
    const stat = readProc(one, "stat");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(pid);
  });
}

export function isAlive(pid: number): boolean {
  const stat = readProc(pid, "stat");
  return stat !== "" && stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
}

export function commandLine(pid: number): string {
  return readProc(pid, "cmdline").replaceAll("\0", " ");
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // Ended meanwhile, or somebody else's.
    return "";
  }
}

export function removeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** What is stored under a name, or undefined. */
export async function stored<T extends ApiObject>(get: Promise<T>): Promise<T | undefined> {
  try {
    return await get;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === 404) return undefined;
    throw thrown;
  }
}
