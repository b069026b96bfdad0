import { type ConfigData, ConfigReader } from "./reader.ts";

export type Flag = "Enabled" | "Allowed" | "Disabled";

const FLAGS: readonly Flag[] = ["Enabled", "Allowed", "Disabled"];

/** config-features: every flag by its key, with its default (spec §10.2). */
const DEFAULTS = {
  "multi-container": "Enabled",
  "multi-container-probing": "Disabled",
  "autodetect-http2": "Disabled",
  "tag-header-based-routing": "Disabled",
  "queueproxy.mount-podinfo": "Disabled",
  "queueproxy.resource-defaults": "Disabled",
  "kubernetes.containerspec-addcapabilities": "Disabled",
  "kubernetes.podspec-affinity": "Disabled",
  "kubernetes.podspec-topologyspreadconstraints": "Disabled",
  "kubernetes.podspec-hostaliases": "Disabled",
  "kubernetes.podspec-fieldref": "Disabled",
  "kubernetes.podspec-nodeselector": "Disabled",
  "kubernetes.podspec-runtimeclassname": "Disabled",
  "kubernetes.podspec-securitycontext": "Disabled",
  "kubernetes.podspec-shareprocessnamespace": "Disabled",
  "kubernetes.podspec-hostipc": "Disabled",
  "kubernetes.podspec-hostpid": "Disabled",
  "kubernetes.podspec-hostnetwork": "Disabled",
  "kubernetes.podspec-priorityclassname": "Disabled",
  "kubernetes.podspec-schedulername": "Disabled",
  "kubernetes.podspec-tolerations": "Disabled",
  "kubernetes.podspec-init-containers": "Disabled",
  "kubernetes.podspec-dnspolicy": "Disabled",
  "kubernetes.podspec-dnsconfig": "Disabled",
  "kubernetes.podspec-volumes-emptydir": "Enabled",
  "kubernetes.podspec-volumes-hostpath": "Disabled",
  "kubernetes.podspec-volumes-csi": "Disabled",
  "kubernetes.podspec-volumes-ephemeral": "Disabled",
  "kubernetes.podspec-volumes-image": "Disabled",
  "kubernetes.podspec-volumes-mount-propagation": "Disabled",
  "kubernetes.podspec-persistent-volume-claim": "Disabled",
  "kubernetes.podspec-persistent-volume-write": "Disabled",
} as const satisfies Record<string, Flag>;

export type FeatureKey = keyof typeof DEFAULTS;

export interface FeaturesConfig {
  readonly flags: Readonly<Record<FeatureKey, Flag>>;
  readonly securePodDefaults: "Enabled" | "AllowRootBounded" | "Disabled";
}

export function parseFeaturesConfig(data: ConfigData): FeaturesConfig {
  const reader = new ConfigReader(data);
  const entries = Object.entries(DEFAULTS).map(([key, fallback]) => [
    key,
    reader.flag<Flag>(key, FLAGS, fallback),
  ]);
  return {
    flags: Object.fromEntries(entries) as Record<FeatureKey, Flag>,
    securePodDefaults: reader.flag(
      "secure-pod-defaults",
      ["Enabled", "AllowRootBounded", "Disabled"],
      "Disabled",
    ),
  };
}
