/** The ConfigMaps that a first start makes (spec §5.9): empty but for what ebb chooses, with examples to copy from. */
import type { ConfigMap } from "../config-map/kind.ts";
import { EBB_CERTIFICATE_CLASS, EBB_INGRESS_CLASS } from "../labels.ts";
import { SYSTEM_NAMESPACE } from "../names.ts";
import { EXAMPLE_CHECKSUM, EXAMPLE_KEY, exampleChecksum } from "./admit-config-map.ts";
import { EBB_QUEUE_IMAGE } from "./config.ts";

interface Draft {
  readonly component: string;
  /** One line for each key: `key: default  # what it does`. */
  readonly example: readonly string[];
  readonly data?: Readonly<Record<string, string>>;
}

const DRAFTS: Readonly<Record<string, Draft>> = {
  "config-autoscaler": {
    component: "autoscaler",
    example: [
      'container-concurrency-target-percentage: "70"  # how full of its limit a pod should be',
      'container-concurrency-target-default: "100"  # requests at once per pod where no limit is set',
      'requests-per-second-target-default: "200"',
      'target-burst-capacity: "211"  # below it the activator stays in the path; -1 = always',
      'stable-window: "60s"',
      'panic-window-percentage: "10.0"',
      'panic-threshold-percentage: "200.0"',
      'max-scale-up-rate: "1000.0"',
      'max-scale-down-rate: "2.0"',
      'enable-scale-to-zero: "true"',
      'scale-to-zero-grace-period: "30s"',
      'scale-to-zero-pod-retention-period: "0s"',
      'pod-autoscaler-class: "kpa.autoscaling.knative.dev"',
      'activator-capacity: "100.0"',
      'initial-scale: "1"',
      'allow-zero-initial-scale: "false"',
      'min-scale: "0"',
      'max-scale: "0"',
      'scale-down-delay: "0s"',
      'max-scale-limit: "0"',
    ],
  },
  "config-certmanager": { component: "net-certmanager", example: ["issuerRef: |", "  kind: ClusterIssuer"] },
  "config-defaults": {
    component: "controller",
    example: [
      'revision-timeout-seconds: "300"',
      'max-revision-timeout-seconds: "600"',
      'revision-response-start-timeout-seconds: "300"',
      'revision-idle-timeout-seconds: "0"  # 0 = no limit',
      'revision-cpu-request: "400m"',
      'revision-memory-limit: "200M"',
      'container-name-template: "user-container"',
      'init-container-name-template: "init-container"',
      'container-concurrency: "0"',
      'container-concurrency-max-limit: "1000"',
      'allow-container-concurrency-zero: "true"',
      'enable-service-links: "false"',
    ],
  },
  "config-deployment": {
    component: "controller",
    example: [
      'registries-skipping-tag-resolving: "kind.local,ko.local,dev.local"',
      'digest-resolution-timeout: "10s"',
      'progress-deadline: "600s"  # how long a revision may take to get its first pod',
      'queue-sidecar-cpu-request: "25m"',
      'default-affinity-type: "prefer-spread-revision-over-nodes"',
    ],
    data: { "queue-sidecar-image": EBB_QUEUE_IMAGE },
  },
  "config-domain": {
    component: "controller",
    example: [
      'example.com: ""  # every route',
      "example.org: |  # routes with this label",
      "  selector:",
      "    app: prod",
    ],
    data: { localhost: "" },
  },
  "config-features": {
    component: "controller",
    example: [
      'multi-container: "enabled"',
      'multi-container-probing: "disabled"',
      'kubernetes.podspec-fieldref: "disabled"',
      'kubernetes.podspec-init-containers: "disabled"',
      'kubernetes.podspec-volumes-emptydir: "enabled"',
      'secure-pod-defaults: "disabled"',
      'tag-header-based-routing: "disabled"',
    ],
  },
  "config-gc": {
    component: "controller",
    example: [
      'retain-since-create-time: "48h"',
      'retain-since-last-active-time: "15h"',
      'min-non-active-revisions: "20"',
      'max-non-active-revisions: "1000"  # or disabled',
    ],
  },
  "config-leader-election": {
    component: "controller",
    example: ['lease-duration: "60s"', 'renew-deadline: "40s"', 'retry-period: "10s"', 'buckets: "1"'],
  },
  "config-logging": {
    component: "logging",
    example: [
      'loglevel.controller: "info"  # or activator, autoscaler, queueproxy, gateway, apiserver, node',
      'loglevel.queueproxy: "info"',
    ],
  },
  "config-network": {
    component: "networking",
    example: [
      'domain-template: "{{.Name}}.{{.Namespace}}.{{.Domain}}"',
      'tag-template: "{{.Tag}}-{{.Name}}"',
      'http-protocol: "enabled"  # or redirected',
      'rollout-duration: "0"  # seconds',
      'autocreate-cluster-domain-claims: "false"',
      'default-external-scheme: "http"',
      'external-domain-tls: "disabled"  # enabled: a certificate for each public host',
      'cluster-local-domain-tls: "disabled"  # enabled: also for names within the cluster',
      'namespace-wildcard-cert-selector: ""  # which namespaces get one certificate for all their hosts',
    ],
    data: { "ingress-class": EBB_INGRESS_CLASS, "certificate-class": EBB_CERTIFICATE_CLASS },
  },
  "config-observability": {
    component: "observability",
    example: [
      'logging.enable-request-log: "false"',
      'logging.enable-probe-request-log: "false"',
      "metrics-protocol: none  # of the engine; or prometheus, grpc, http/protobuf",
      'metrics-endpoint: ""  # of a collector; with prometheus where it finds them, default 127.0.0.1:9090',
      "request-metrics-protocol: none  # of queue-proxies; with prometheus on port 9091 of each pod",
      "tracing-protocol: none  # or grpc, http/protobuf, stdout",
      'tracing-sampling-rate: "0"',
      "runtime-profiling: disabled",
    ],
  },
  "config-tracing": {
    component: "tracing",
    example: ["# Not read any more: see tracing-… in config-observability."],
  },
};

const HEAD = [
  "# Nothing in this block is in force. To change a setting, copy its line to data, beside _example.",
  "# The values shown are the defaults.",
];

/** What ebb itself writes there. */
export function chosenData(name: string): Readonly<Record<string, string>> {
  return DRAFTS[name]?.data ?? {};
}

/** Freshly made on each call. */
export function defaultConfigMaps(): ConfigMap[] {
  return Object.entries(DRAFTS).map(([name, { component, example, data = {} }]) => {
    const text = `${[...HEAD, "", ...example].join("\n")}\n`;
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name,
        namespace: SYSTEM_NAMESPACE,
        labels: {
          "app.kubernetes.io/name": "knative-serving",
          "app.kubernetes.io/component": component,
        },
        annotations: { [EXAMPLE_CHECKSUM]: exampleChecksum(text) },
      },
      data: { ...data, [EXAMPLE_KEY]: text },
    };
  });
}
