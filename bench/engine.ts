import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { parse } from "yaml";

/** The engine as its users run it: the built package, in a home of its own, spoken to over its API. */

const PACKAGE = resolve(import.meta.dirname, "../dist");

function commandOf(folder: string | undefined): string {
  return join(folder ?? PACKAGE, "bin/ebb");
}

export interface Ready {
  readonly gateway: string;
  readonly api: string;
  readonly kubeconfig: string;
  readonly ms: number;
}

export interface Engine extends Ready {
  readonly pid: number;
  readonly home: string;
  /** Of the built package; absent = dist/. */
  readonly folder?: string | undefined;
  /** From the start of the command to its ready line, as seen from outside. */
  readonly seenReadyMs: number;
  stop(): Promise<void>;
}

export function newHome(): string {
  return mkdtempSync(join(tmpdir(), "ebb-bench-"));
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

export interface ImageToAdd {
  readonly name: string;
  readonly path: string;
  /** Folder of the built package; default dist/. */
  readonly folder?: string | undefined;
}

export function addImage(home: string, { name, path, folder }: ImageToAdd): void {
  execFileSync(commandOf(folder), ["image", "add", name, path, "--home", home], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** `folder` holds the built package; default dist/. */
export async function startEngine(home: string, folder?: string): Promise<Engine> {
  const started = performance.now();
  const args = ["up", "--home", home, "--http-port", "0", "--api-port", "0", "-o", "json"];
  const child = spawn(commandOf(folder), args, { stdio: ["ignore", "pipe", "inherit"] });
  const ready = await readyLine(child);
  return {
    ...ready,
    home,
    folder,
    pid: child.pid ?? 0,
    seenReadyMs: performance.now() - started,
    stop: () => stop(child),
  };
}

function readyLine(child: ChildProcess): Promise<Ready> {
  return new Promise((done, fail) => {
    child.once("exit", (code) => fail(new Error(`the engine ended with code ${code} before it was ready`)));
    if (!child.stdout) return fail(new Error("the engine has no stdout"));
    createInterface({ input: child.stdout }).once("line", (line) => done(JSON.parse(line) as Ready));
  });
}

/** At once where it has ended already. */
function stop(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.removeAllListeners("exit");
    child.once("exit", () => done());
    child.kill("SIGTERM");
  });
}

export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** One call of the API with the kubeconfig's own credentials; resolves to the parsed answer, rejects unless 2xx. */
export function callApi(
  { kubeconfig }: Ready,
  { method, path, body, contentType }: ApiCall,
): Promise<unknown> {
  const config = parse(readFileSync(kubeconfig, "utf8"));
  const cluster = config.clusters[0].cluster;
  const headers = {
    authorization: `Bearer ${config.users[0].user.token}`,
    "content-type": contentType ?? "application/json",
  };
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
  return new Promise((done, fail) => {
    const request = httpsRequest(new URL(path, cluster.server), { method, ca, headers }, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      const ok = (response.statusCode ?? 0) < 300;
      if (ok) done(JSON.parse(text));
      else fail(new Error(`${method} ${path} was answered ${response.statusCode}: ${text.slice(0, 400)}`));
    });
    request.once("error", fail);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";

export interface ServiceOptions {
  readonly name: string;
  readonly image: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export async function createService(
  ready: Ready,
  { name, image, annotations }: ServiceOptions,
): Promise<void> {
  const template = { metadata: { annotations }, spec: { containers: [{ image }] } };
  const body = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: { template },
  };
  await callApi(ready, { method: "POST", path: SERVICES, body });
  await until(`${name} is ready`, async () => {
    const service = (await callApi(ready, { method: "GET", path: `${SERVICES}/${name}` })) as Conditioned;
    return (
      service.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false
    );
  });
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export async function setConfig(
  ready: Ready,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const path = `/api/v1/namespaces/knative-serving/configmaps/${name}`;
  await callApi(ready, {
    method: "PATCH",
    path,
    body: { data },
    contentType: "application/merge-patch+json",
  });
}

const PATIENCE_MS = 60_000;

/** Asks every 50 ms; rejects after a minute, naming what did not come true. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`after ${PATIENCE_MS / 1000} s it is still not true that ${what}`);
    await wait(50);
  }
}
