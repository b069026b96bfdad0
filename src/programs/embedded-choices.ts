import type { ConfigChoices } from "../api/config/config.ts";
import { chosenData } from "../api/config/default-config-maps.ts";

/** What the embedded home puts where Knative's ConfigMaps have no default: as the first start writes them. */
export function embeddedChoices(): Required<ConfigChoices> {
  const value = (map: string, key: string) => chosenData(map)[key] ?? "";
  return {
    ingressClass: value("config-network", "ingress-class"),
    certificateClass: value("config-network", "certificate-class"),
    queueSidecarImage: value("config-deployment", "queue-sidecar-image"),
  };
}
