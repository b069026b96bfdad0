/** Kubernetes' rules of Services, with its texts. */
import {
  type FieldCause,
  forbidden,
  invalidValue,
  invalidValues,
  required,
  unsupported,
} from "../field-cause.ts";
import { labelsCauses } from "../pod/validate.ts";
import { dns1123LabelErrors, dns1123SubdomainErrors, isIpv4, isIpv6, portErrors } from "../syntax.ts";
import type { CoreService } from "./kind.ts";

type Spec = NonNullable<CoreService["spec"]>;
type Port = NonNullable<Spec["ports"]>[number];

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

export function serviceCauses({ spec = {} }: CoreService, before: CoreService | undefined): FieldCause[] {
  const { type = "ClusterIP", ports = [], ipFamilies = [] } = spec;
  const causes = addressCauses(spec, before?.spec);
  if (ports.length === 0 && type !== "ExternalName" && spec.clusterIP !== "None")
    causes.push(required("spec.ports"));
  causes.push(...ports.flatMap((port, index) => portCauses(port, `spec.ports[${index}]`, ports.length > 1)));
  causes.push(...labelsCauses(spec.selector ?? {}, "spec.selector"));
  if (spec.sessionAffinity !== undefined && !["ClientIP", "None"].includes(spec.sessionAffinity))
    causes.push(unsupported("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]));
  if (!TYPES.includes(type)) causes.push(unsupported("spec.type", type, TYPES));
  if (type === "ExternalName") causes.push(...externalCauses(spec.externalName ?? ""));
  if (type !== "ExternalName" && ipFamilies[0] !== undefined && ipFamilies[0] !== "IPv4")
    causes.push(invalidValue("spec.ipFamilies[0]", ipFamilies[0], "not configured on this cluster"));
  return causes;
}

const IP_TEXT = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

function addressCauses(spec: Spec, old: Spec | undefined): FieldCause[] {
  const { clusterIP = "" } = spec;
  if (clusterIP !== "" && clusterIP !== "None" && !isIpv4(clusterIP) && !isIpv6(clusterIP))
    return [invalidValue("spec.clusterIPs[0]", clusterIP, IP_TEXT)];
  const kept = old?.type !== "ExternalName" && spec.type !== "ExternalName";
  return old?.clusterIP && kept && old.clusterIP !== spec.clusterIP
    ? [invalidValue("spec.clusterIPs[0]", [spec.clusterIP], "may not change once set")]
    : [];
}

function externalCauses(name: string): FieldCause[] {
  if (name === "") return [required("spec.externalName")];
  return invalidValues("spec.externalName", name, dns1123SubdomainErrors(name.replace(/\.$/, "")));
}

function portCauses(port: Port, at: string, needsName: boolean): FieldCause[] {
  const { name = "", protocol = "TCP", targetPort } = port;
  const causes: FieldCause[] = [];
  if (name === "") {
    if (needsName) causes.push(required(`${at}.name`));
  } else causes.push(...invalidValues(`${at}.name`, name, dns1123LabelErrors(name)));
  causes.push(...invalidValues(`${at}.port`, port.port ?? 0, portErrors(port.port ?? 0)));
  if (!PROTOCOLS.includes(protocol)) causes.push(unsupported(`${at}.protocol`, protocol, PROTOCOLS));
  if (targetPort !== undefined)
    causes.push(...invalidValues(`${at}.targetPort`, targetPort, portErrors(targetPort)));
  return causes;
}

export function serviceStatusCauses(service: CoreService): FieldCause[] {
  const { ingress = [] } = service.status?.loadBalancer ?? {};
  return ingress.length > 0 && service.spec?.type !== "LoadBalancer"
    ? [forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")]
    : [];
}

export function serviceWarnings({ spec = {} }: CoreService): string[] {
  return spec.externalName && spec.type !== "ExternalName"
    ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
    : [];
}
