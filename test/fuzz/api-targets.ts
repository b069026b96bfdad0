import { KINDS } from "../../src/api/kinds.ts";
import { NamespaceKind } from "../../src/api/namespace/kind.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { seededRandom } from "../../src/base/random.ts";
import { ApiServer } from "../../src/embedded/apiserver/api-server.ts";
import { MemoryStorage } from "../../src/embedded/apiserver/storage/memory-storage.ts";

/** What can be fed to the API server from outside: each decoder and each patch type is a target of its own. */
export interface Target {
  readonly method: string;
  readonly url: string;
  readonly contentType?: string;
  /** Bytes that mean something to it, to be changed. */
  readonly seeds: readonly string[];
  /** The input goes behind the URL instead of into the body. */
  readonly inUrl?: boolean;
}

const MAPS = "/api/v1/namespaces/default/configmaps";
const PATCHED = `${MAPS}/kept`;
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const SERVICES = "/apis/serving.knative.dev/v1/namespaces/default/services";

const CONFIG_MAP =
  '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":"1"}},"data":{"a":"1"}}';
const DEPLOYMENT = JSON.stringify({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "x" } },
    template: {
      metadata: { labels: { app: "x" } },
      spec: {
        containers: [
          { name: "c", image: "i", env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80 }] },
        ],
      },
    },
  },
});
const SERVICE = JSON.stringify({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "s" },
  spec: { template: { spec: { containers: [{ image: "i" }] } } },
});
const APPLIED =
  '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kept","finalizers":["a/b"]},"data":{"x":"2"}}';

export const TARGETS: Readonly<Record<string, Target>> = {
  "json-body": {
    method: "POST",
    url: `${MAPS}?fieldValidation=Strict&dryRun=All`,
    contentType: "application/json",
    seeds: [CONFIG_MAP, '{"metadata":{"generateName":"a-"},"binaryData":{"b":"AAAA"},"immutable":true}'],
  },
  "typed-body": {
    method: "POST",
    url: `${DEPLOYMENTS}?dryRun=All`,
    contentType: "application/json",
    seeds: [DEPLOYMENT],
  },
  "custom-body": {
    method: "POST",
    url: `${SERVICES}?dryRun=All`,
    contentType: "application/json",
    seeds: [SERVICE],
  },
  "yaml-body": {
    method: "POST",
    url: `${MAPS}?dryRun=All`,
    contentType: "application/yaml",
    seeds: [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: |\n    x\n  b: &x "1"\n  c: *x\n',
      CONFIG_MAP,
    ],
  },
  "protobuf-body": {
    method: "POST",
    url: `${MAPS}?dryRun=All`,
    contentType: "application/vnd.kubernetes.protobuf",
    seeds: [
      'k8s\0\n\u000f\n\u0002v1\u0012\tConfigMap\u0012\u000e\n\u0005\n\u0001abc\u0012\u0005\n\u0001a\u0012\u00001\u001a\0"\0',
    ],
  },
  "json-patch": {
    method: "PATCH",
    url: PATCHED,
    contentType: "application/json-patch+json",
    seeds: [
      '[{"op":"add","path":"/data/n","value":"1"},{"op":"test","path":"/data/n","value":"1"},{"op":"remove","path":"/data/n"}]',
      '[{"op":"copy","from":"/metadata/labels","path":"/metadata/annotations"},{"op":"move","from":"/data/x","path":"/data/y"}]',
    ],
  },
  "merge-patch": {
    method: "PATCH",
    url: PATCHED,
    contentType: "application/merge-patch+json",
    seeds: ['{"data":{"x":"2","y":null},"metadata":{"labels":{"l":"2"},"managedFields":[{}]}}'],
  },
  "strategic-patch": {
    method: "PATCH",
    url: `${DEPLOYMENTS}/kept?dryRun=All`,
    contentType: "application/strategic-merge-patch+json",
    seeds: [
      '{"spec":{"template":{"spec":{"containers":[{"name":"c","$patch":"delete"},{"name":"n","image":"i"}],"$setElementOrder/containers":[{"name":"n"}]}}}}',
      '{"metadata":{"$deleteFromPrimitiveList/finalizers":["a/b"],"$retainKeys":["name"],"labels":{"$patch":"replace"}}}',
    ],
  },
  apply: {
    method: "PATCH",
    url: `${PATCHED}?fieldManager=fuzz&force=true`,
    contentType: "application/apply-patch+yaml",
    seeds: [APPLIED, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n"],
  },
  "apply-typed": {
    method: "PATCH",
    url: `${DEPLOYMENTS}/kept?fieldManager=fuzz&force=true&dryRun=All`,
    contentType: "application/apply-patch+yaml",
    seeds: [DEPLOYMENT.replace('"name":"d"', '"name":"kept"')],
  },
  "managed-fields": {
    method: "PATCH",
    url: PATCHED,
    contentType: "application/merge-patch+json",
    seeds: [
      '{"metadata":{"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",' +
        '"fieldsV1":{"f:data":{".":{},"f:x":{},"k:{\\"a\\":1}":{"v:1":{}}}}}]}}',
    ],
  },
  "delete-options": {
    method: "DELETE",
    url: `${MAPS}/none?dryRun=All`,
    contentType: "application/json",
    seeds: [
      '{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground","preconditions":{"uid":"x"}}',
    ],
  },
  query: {
    method: "GET",
    url: `${MAPS}?`,
    inUrl: true,
    seeds: [
      "labelSelector=a%3Db,c+in+(d,e),!f&fieldSelector=metadata.name!%3Dx&limit=2",
      "limit=1&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhXHUwMDAwIn0",
      "resourceVersion=1&resourceVersionMatch=Exact",
    ],
  },
  path: {
    method: "GET",
    url: "/",
    inUrl: true,
    seeds: ["api/v1/namespaces/default/configmaps/kept", "apis/apps/v1/deployments"],
  },
};

export interface Verdict {
  /** What distinguishes this answer from others: status and message without what is quoted or counted. */
  readonly signature: string;
  /** What must never happen, happened. */
  readonly problem?: string;
}

const SLOW_MS = 2000;

/** An API server with objects to change, and a judge of what it makes of any bytes. */
export class FuzzedServer {
  readonly #apiServer: ApiServer;
  readonly #errors: string[] = [];

  constructor() {
    const note = (message: string, fields?: unknown) =>
      void this.#errors.push(`${message} ${JSON.stringify(fields)}`);
    const quiet = () => {};
    const log = { debug: quiet, info: quiet, warn: quiet, error: note } as unknown as Log;
    this.#apiServer = new ApiServer({
      clock: systemClock,
      random: seededRandom(1),
      log,
      storage: new MemoryStorage(),
      kinds: KINDS,
    });
  }

  async start(): Promise<void> {
    await this.#apiServer.start();
    await this.#apiServer
      .clientFor("fuzz")
      .create(NamespaceKind, { metadata: { name: "default" }, spec: {} });
    await this.#send({ method: "POST", url: MAPS, body: Buffer.from(CONFIG_MAP.replace('"a"', '"kept"')) });
    await this.#send({
      method: "POST",
      url: DEPLOYMENTS,
      body: Buffer.from(DEPLOYMENT.replace('"d"', '"kept"')),
    });
  }

  stop(): Promise<void> {
    return this.#apiServer.stop();
  }

  /** Feeds one input; whatever it is, the server answers soon, in its own words, and stays whole. */
  async judge(target: Target, input: Buffer): Promise<Verdict> {
    const { method, contentType } = target;
    const url = target.inUrl ? target.url + input.toString("latin1") : target.url;
    const body = target.inUrl ? Buffer.alloc(0) : input;
    const started = performance.now();
    const { status, text } = await this.#send({ method, url, body, ...(contentType ? { contentType } : {}) });
    const tookMs = performance.now() - started;
    const signature = `${status} ${textShape(text)}`;
    const error = this.#errors.shift();
    if (error !== undefined) return { signature, problem: `an unexpected error: ${error}` };
    if (tookMs > SLOW_MS) return { signature, problem: `it took ${Math.round(tookMs)} ms` };
    if (Object.keys(Object.prototype).length > 0)
      return { signature, problem: "Object.prototype was changed" };
    const kept = await this.#send({ method: "GET", url: PATCHED, body: Buffer.alloc(0) });
    const metadata = kept.status === 200 ? JSON.parse(kept.text).metadata : undefined;
    if (metadata?.name !== "kept") return { signature, problem: `the object is gone: ${kept.text}` };
    return { signature };
  }

  async #send(request: {
    readonly method: string;
    readonly url: string;
    readonly body: Buffer;
    readonly contentType?: string;
  }): Promise<{ status: number; text: string }> {
    const stop = new AbortController();
    const { method, url, body, contentType = "application/json" } = request;
    const headers = { "content-type": contentType, "user-agent": "fuzz/1" };
    const identity = {
      type: "known",
      name: "fuzz",
      groups: ["system:masters", "system:authenticated"],
    } as const;
    const response = await this.#apiServer.handle(
      { method, url, headers, body, signal: stop.signal },
      identity,
    );
    if (typeof response.body === "string") return { status: response.status, text: response.body };
    let text = "";
    // A watch would never end; its first answer is enough.
    if (/[?&]watch=/.test(url) || url.includes("/watch/")) stop.abort();
    for await (const chunk of response.body) text += Buffer.from(chunk as Uint8Array).toString("utf8");
    return { status: response.status, text };
  }
}

/** The message's beginning, up to where it shows the input. */
function textShape(text: string): string {
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? "";
  const shown = message.search(/in '|Invalid value: |[({[]/);
  const own = shown < 0 ? message : message.slice(0, shown);
  return own
    .replace(/\\"(?:[^"\\]|\\[^"])*\\"?/g, "Q")
    .replace(/\d+/g, "N")
    .replace(/[^\x20-\x7e]+/g, "U")
    .slice(0, 80);
}
