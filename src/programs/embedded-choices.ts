import { defaultConfigMaps } from "../api/config/default-config-maps.ts";

/** What the embedded home puts where Knative's ConfigMaps have no default: as the first start writes them. */
export function embeddedChoices(): { ingressClass: string; queueSidecarImage: string } {
  const value = (map: string, key: string) =>
    defaultConfigMaps().find(({ metadata }) => metadata.name === map)?.data?.[key] ?? "";
  return {
    ingressClass: value("config-network", "ingress-class"),
    queueSidecarImage: value("config-deployment", "queue-sidecar-image"),
  };
}
