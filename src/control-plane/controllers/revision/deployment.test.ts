import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../api/config/config.ts";
import type { Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { deploymentOf, reviseDeployment } from "./deployment.ts";
import { revisionSettings } from "./settings.ts";

/** What the ConfigMaps make of a Revision's pods, where no recorded case looks (spec §5.4, §5.9, Q-006, Q-007). */

type Maps = Parameters<typeof parseConfig>[0];
interface Given {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec?: Partial<Revision["spec"]>;
}

function revisionOf({ labels = {}, annotations = {}, spec = {} }: Given): Stored<Revision> {
  return {
    metadata: {
      name: "hello-00001",
      namespace: "default",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: "2030-01-01T00:00:00Z",
      labels,
      annotations,
    },
    spec: { containers: [{ name: "user-container", image: "dev.local/hello" }], ...spec },
  };
}

function deploymentWith(maps: Maps, given: Given = {}) {
  const deployment = { "queue-sidecar-image": "queue", ...maps["config-deployment"] };
  const config = parseConfig({ ...maps, "config-deployment": deployment });
  const made = deploymentOf(revisionOf(given), {}, revisionSettings(config));
  const { spec } = made.spec.template;
  const user = spec.containers.find(({ name }) => name === "user-container");
  const queue = spec.containers.find(({ name }) => name === "queue-proxy");
  return { made, spec, user, queue };
}

test("var-log collection gives every user container a part of one volume, by namespace, pod and container", () => {
  const { spec, user, queue } = deploymentWith({
    "config-observability": { "logging.enable-var-log-collection": "true" },
  });
  assert.deepEqual(spec.volumes, [{ name: "knative-var-log", emptyDir: {} }]);
  assert.deepEqual(user?.volumeMounts, [
    {
      name: "knative-var-log",
      mountPath: "/var/log",
      subPathExpr: "$(K_INTERNAL_POD_NAMESPACE)_$(K_INTERNAL_POD_NAME)_user-container",
    },
  ]);
  assert.deepEqual(
    user?.env?.slice(-2).map(({ valueFrom }) => valueFrom?.fieldRef?.fieldPath),
    ["metadata.name", "metadata.namespace"],
  );
  assert.equal(queue?.volumeMounts, undefined);
});

test("the queue-proxy asks the probes of all containers but commands, which run in the container (Q-036)", () => {
  const image = "dev.local/hello";
  const { spec, queue } = deploymentWith(
    { "config-features": { "multi-container-probing": "enabled" } },
    {
      spec: {
        containers: [
          {
            name: "user-container",
            image,
            ports: [{ containerPort: 8080 }],
            readinessProbe: { tcpSocket: { port: 8080 } },
          },
          { name: "files", image, readinessProbe: { exec: { command: ["test", "-f", "/ready"] } } },
          { name: "cache", image, readinessProbe: { httpGet: { path: "/up", port: 9000 } } },
        ],
      },
    },
  );
  const sent = queue?.env?.find(({ name }) => name === "SERVING_READINESS_PROBE")?.value ?? "";
  const [serving, cache, ...more] = JSON.parse(sent);
  assert.equal(serving.tcpSocket.port, 8080);
  assert.deepEqual([cache.httpGet.path, cache.httpGet.port], ["/up", 9000]);
  assert.deepEqual(more, []);
  const files = spec.containers.find(({ name }) => name === "files");
  assert.deepEqual(files?.readinessProbe?.exec?.command, ["test", "-f", "/ready"]);
});

test("each audience becomes a token file of the queue-proxy", () => {
  const { spec, queue } = deploymentWith({ "config-deployment": { "queue-sidecar-token-audiences": "b,a" } });
  const token = (audience: string) => ({
    serviceAccountToken: { audience, expirationSeconds: 3600, path: audience },
  });
  assert.deepEqual(spec.volumes, [
    { name: "knative-token-volume", projected: { sources: [token("a"), token("b")] } },
  ]);
  assert.deepEqual(queue?.volumeMounts, [
    { name: "knative-token-volume", mountPath: "/var/run/secrets/tokens" },
  ]);
});

test("the pod's annotations are mounted where the flag says so, or allows it and the template asks", () => {
  const maps = (value: string) => ({ "config-features": { "queueproxy.mount-podinfo": value } });
  const asks = { annotations: { "features.knative.dev/queueproxy-podinfo": "enabled" } };
  const isMounted = (value: string, given: Given) =>
    deploymentWith(maps(value), given).queue?.volumeMounts?.some(({ name }) => name === "pod-info") === true;
  assert.deepEqual(
    ["Enabled", "Allowed", "Disabled"].map((value) => [isMounted(value, {}), isMounted(value, asks)]),
    [
      [true, true],
      [false, true],
      [false, false],
    ],
  );
});

test("the runtime class whose selector says most wins, and the user's own wins over that", () => {
  const text = "gvisor: {}\nkata:\n  selector:\n    tier: a\nrunc:\n  selector:\n    tier: a\n    team: b\n";
  const maps = { "config-deployment": { "runtime-class-name": text } };
  const classFor = (given: Given) => deploymentWith(maps, given).spec.runtimeClassName;
  assert.equal(classFor({}), "gvisor");
  assert.equal(classFor({ labels: { tier: "a" } }), "kata");
  assert.equal(classFor({ labels: { tier: "a", team: "b" } }), "runc");
  assert.equal(classFor({ labels: { tier: "a" }, spec: { runtimeClassName: "mine" } }), "mine");
  assert.equal(deploymentWith({}).spec.runtimeClassName, undefined);
});

test("the queue-proxy gets a share of the user's resources within bounds, and what annotations say wins", () => {
  const resources = {
    requests: { cpu: "50m", memory: "128Mi" },
    limits: { cpu: "100m", memory: "258Mi" },
  };
  const spec = { containers: [{ name: "user-container", image: "dev.local/hello", resources }] };
  const prefix = "queue.sidecar.serving.knative.dev/";
  const shareOf = (percentage: string, more: Record<string, string> = {}) =>
    deploymentWith({}, { spec, annotations: { [`${prefix}resource-percentage`]: percentage, ...more } }).queue
      ?.resources;
  assert.deepEqual(shareOf("0.2"), {
    requests: { cpu: "25m", memory: "50Mi" },
    limits: { cpu: "40m", memory: "200Mi" },
  });
  assert.deepEqual(shareOf("90", { [`${prefix}cpu-resource-limit`]: "1" }), {
    requests: { cpu: "45m", memory: shareOfMemory(128, 90) },
    limits: { cpu: "1", memory: shareOfMemory(258, 90) },
  });
});

/** Mebibytes, and percent of them as Kubernetes writes it. */
function shareOfMemory(mebibytes: number, percent: number): string {
  const bytes = (mebibytes * 2 ** 20 * percent) / 100;
  return Number.isInteger(bytes) ? `${bytes}` : `${Math.trunc(bytes * 1000)}m`;
}

test("affinity, queue image, resources and deadline follow config-deployment", () => {
  const { made, spec, queue } = deploymentWith({
    "config-deployment": {
      "queue-sidecar-image": "other/queue",
      "default-affinity-type": "none",
      "progress-deadline": "45s",
      "queue-sidecar-cpu-request": "30m",
      "queue-sidecar-memory-limit": "300Mi",
      "queue-sidecar-ephemeral-storage-limit": "1Gi",
    },
  });
  assert.equal(spec.affinity, undefined);
  assert.equal(made.spec.progressDeadlineSeconds, 45);
  assert.equal(queue?.image, "other/queue");
  assert.deepEqual(queue?.resources, {
    requests: { cpu: "30m" },
    limits: { memory: "300Mi", "ephemeral-storage": "1Gi" },
  });
});

test("init containers keep the image they were given, user containers get the digest's", () => {
  const spec = { initContainers: [{ name: "init", image: "dev.local/init" }] };
  const settings = revisionSettings(parseConfig({ "config-deployment": { "queue-sidecar-image": "queue" } }));
  const digests = { init: "dev.local/init@sha256:1", "user-container": "dev.local/hello@sha256:2" };
  const pod = deploymentOf(revisionOf({ spec }), digests, settings).spec.template.spec;
  assert.equal(pod.initContainers?.[0]?.image, "dev.local/init");
  assert.equal(pod.containers[0]?.image, "dev.local/hello@sha256:2");
});

test("a new queue image changes the Deployment and leaves its replicas to the autoscaler", () => {
  const { made } = deploymentWith({});
  const stored = {
    ...made,
    metadata: { ...made.metadata, uid: "d", resourceVersion: "7", creationTimestamp: "2030-01-01T00:00:00Z" },
    spec: { ...made.spec, replicas: 7 },
  } as Parameters<typeof reviseDeployment>[0];
  assert.equal(reviseDeployment(stored, made), stored);
  const next = deploymentWith({ "config-deployment": { "queue-sidecar-image": "queue:2" } }).made;
  const revised = reviseDeployment(stored, next);
  assert.equal(revised.spec.replicas, 7);
  assert.equal(revised.spec.template.spec.containers.at(-1)?.image, "queue:2");
});
