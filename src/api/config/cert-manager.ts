import type { ConfigData } from "./reader.ts";
import { parseYaml } from "./yaml.ts";

export interface IssuerRef {
  readonly kind: string;
  readonly name: string;
  readonly group?: string;
}

/** config-certmanager (spec C-145). */
export interface CertManagerConfig {
  readonly issuerRef: IssuerRef;
  readonly clusterLocalIssuerRef: IssuerRef;
  readonly systemInternalIssuerRef: IssuerRef;
}

const SELF_SIGNED: IssuerRef = { kind: "ClusterIssuer", name: "knative-selfsigned-issuer" };

export function parseCertManagerConfig(data: ConfigData): CertManagerConfig {
  return {
    issuerRef: issuerOf(data.issuerRef),
    clusterLocalIssuerRef: issuerOf(data.clusterLocalIssuerRef),
    systemInternalIssuerRef: issuerOf(data.systemInternalIssuerRef),
  };
}

function issuerOf(text: string | undefined): IssuerRef {
  return text === undefined ? SELF_SIGNED : { ...SELF_SIGNED, ...parseYaml(text, "v1.ObjectReference") };
}
