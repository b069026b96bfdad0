import { messageOf } from "../../base/errors.ts";
import type { LabelSelector } from "../label-selector.ts";
import { ConfigTemplate } from "./config-template.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";
import { parseYaml } from "./yaml.ts";

/** config-network (spec C-104…C-118). */
export interface NetworkConfig {
  readonly ingressClass: string;
  readonly certificateClass: string;
  readonly domainTemplate: ConfigTemplate;
  readonly tagTemplate: ConfigTemplate;
  readonly externalDomainTls: boolean;
  readonly clusterLocalDomainTls: boolean;
  readonly systemInternalTls: boolean;
  readonly httpProtocol: "enabled" | "disabled" | "redirected";
  readonly rolloutDurationSeconds: number;
  readonly autocreateClusterDomainClaims: boolean;
  readonly enableMeshPodAddressability: boolean;
  readonly meshCompatibilityMode: "enabled" | "disabled" | "auto";
  readonly defaultExternalScheme: string;
  readonly namespaceWildcardCertSelector: LabelSelector | undefined;
}

export interface NetworkClasses {
  readonly ingressClass?: string;
  readonly certificateClass?: string;
}

/** Where the ConfigMap names no class: what Knative itself would choose; the embedded home passes its own. */
const KNATIVE_CLASSES = {
  ingressClass: "istio.ingress.networking.knative.dev",
  certificateClass: "cert-manager.certificate.networking.knative.dev",
};

export function parseNetworkConfig(data: ConfigData, classes: NetworkClasses = {}): NetworkConfig {
  const defaults = { ...KNATIVE_CLASSES, ...classes };
  const reader = new ConfigReader(data);
  const ingressClass = reader.text(["ingress.class", "ingress-class"], defaults.ingressClass);
  const certificateClass = reader.text(["certificate.class", "certificate-class"], defaults.certificateClass);
  const rolloutDurationSeconds = reader.int64(["rolloutDuration", "rollout-duration"], 0);
  const autocreateClusterDomainClaims = reader.bool(
    ["autocreateClusterDomainClaims", "autocreate-cluster-domain-claims"],
    false,
  );
  const enableMeshPodAddressability = reader.bool("enable-mesh-pod-addressability", false);
  const internalEncryption = reader.bool("internal-encryption", false);
  const namespaceWildcardCertSelector = certSelector(reader.text("namespace-wildcard-cert-selector", ""));
  if (rolloutDurationSeconds < 0) {
    throw new ConfigError(`rollout-duration must be a positive integer, but was ${rolloutDurationSeconds}`);
  }
  const domainTemplate = domainTemplateOf(reader);
  const tagTemplate = tagTemplateOf(reader);
  return {
    ingressClass,
    certificateClass,
    domainTemplate,
    tagTemplate,
    externalDomainTls: externalTls(data),
    httpProtocol: httpProtocolOf(data),
    systemInternalTls: tlsOf(data, "system-internal-tls", internalEncryption),
    clusterLocalDomainTls: tlsOf(data, "cluster-local-domain-tls", false),
    rolloutDurationSeconds,
    autocreateClusterDomainClaims,
    enableMeshPodAddressability,
    meshCompatibilityMode: reader.flag("mesh-compatibility-mode", ["enabled", "disabled", "auto"], "auto"),
    defaultExternalScheme: reader.text(["defaultExternalScheme", "default-external-scheme"], "http"),
    namespaceWildcardCertSelector,
  };
}

function certSelector(text: string): LabelSelector | undefined {
  return text === "" ? undefined : (parseYaml(text, "v1.LabelSelector") as LabelSelector);
}

function domainTemplateOf(reader: ConfigReader): ConfigTemplate {
  const template = new ConfigTemplate({
    name: "domain-template",
    text: reader.text(["domainTemplate", "domain-template"], "{{.Name}}.{{.Namespace}}.{{.Domain}}"),
    dataType: "config.DomainTemplateValues",
  });
  const host = template.execute({
    Name: "foo",
    Namespace: "bar",
    Domain: "baz.com",
    Annotations: {},
    Labels: {},
  });
  checkHost(host);
  return template;
}

/** The template must make a host name and nothing more; the texts are those of Go's URL parser. */
function checkHost(host: string): void {
  const [authority = "", ...rest] = host.split(/(?=[/?#])/);
  const url = JSON.stringify(`https://${host}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u001f\u007f]/.test(host)) {
    throw new ConfigError(`parse ${url}: net/url: invalid control character in URL`);
  }
  const escaped = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(authority);
  if (escaped !== null) {
    throw new ConfigError(`parse ${url}: invalid URL escape ${JSON.stringify(escaped[0])}`);
  }
  const bad = /[ <>"^`{|}\\]/.exec(authority);
  if (bad !== null) {
    const shown = bad[0] === "<" || bad[0] === ">" ? " " : bad[0];
    throw new ConfigError(`parse ${url}: invalid character ${JSON.stringify(shown)} in host name`);
  }
  const portText = /:([^:\]]*)$/.exec(authority)?.[1];
  if (portText !== undefined && !/^[0-9]*$/.test(portText)) {
    throw new ConfigError(`parse ${url}: invalid port ${JSON.stringify(`:${portText}`)} after host`);
  }
  if (authority.replace(/:[^:]*$/, "") === "") throw new ConfigError("empty hostname");
  const path = rest.join("").replace(/#.*$/, "");
  if (path !== "" && path !== "/") throw new ConfigError(`domain template has url path: ${path}`);
}

function tagTemplateOf(reader: ConfigReader): ConfigTemplate {
  const template = new ConfigTemplate({
    name: "tag-template",
    text: reader.text(["tagTemplate", "tag-template"], "{{.Tag}}-{{.Name}}"),
    dataType: "config.TagTemplateValues",
  });
  try {
    template.execute({ Name: "foo", Tag: "v2" });
  } catch (thrown) {
    throw new ConfigError(messageOf(thrown), { cause: thrown });
  }
  return template;
}

function externalTls(data: ConfigData): boolean {
  const text = data["external-domain-tls"] ?? data["auto-tls"] ?? data.autoTLS ?? "";
  return text.toLowerCase() === "enabled";
}

function httpProtocolOf(data: ConfigData): NetworkConfig["httpProtocol"] {
  const text = (data["http-protocol"] ?? data.httpProtocol ?? "").toLowerCase();
  if (text === "" || text === "enabled") return "enabled";
  if (text === "disabled" || text === "redirected") return text;
  // The older key's value is not shown, as in Knative (errata C-112).
  throw new ConfigError(
    `httpProtocol ${data["http-protocol"] ?? ""} in config-network ConfigMap is not supported`,
  );
}

function tlsOf(data: ConfigData, key: string, fallback: boolean): boolean {
  const text = (data[key] ?? "").toLowerCase();
  if (text === "" || text === "disabled") return fallback;
  if (text === "enabled") return true;
  throw new ConfigError(
    `${key} with value: ${JSON.stringify(data[key])} in config-network ConfigMap is not supported`,
  );
}
