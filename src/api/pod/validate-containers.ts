/** Kubernetes' checks of containers, in its order. */
import type { Container, ContainerPort, VolumeMount } from "../container.ts";
import {
  duplicate,
  type FieldCause,
  invalidValue,
  invalidValues,
  notFoundValue,
  required,
  unsupported,
} from "../field-cause.ts";
import { dns1123LabelErrors, portNameErrors, portNumberErrors } from "../syntax.ts";
import { envCauses, envFromCauses } from "./validate-env.ts";
import { lifecycleCauses, probesCauses } from "./validate-probe.ts";
import { resourcesCauses } from "./validate-resources.ts";
import { securityCauses } from "./validate-security.ts";

export interface Surroundings {
  /** Volumes that can be mounted. */
  readonly volumes: ReadonlySet<string>;
  /** Names that containers checked earlier have. */
  readonly taken: Set<string>;
}

export function containersCauses(
  containers: readonly Container[],
  field: string,
  around: Surroundings,
): FieldCause[] {
  if (containers.length === 0) return [required(field)];
  const causes = containers.flatMap((container, index) => {
    const at = `${field}[${index}]`;
    const own = containerCauses(container, at, around.volumes);
    if (around.taken.has(container.name)) own.push(duplicate(`${at}.name`, container.name));
    else around.taken.add(container.name);
    own.push(...lifecycleCauses(container.lifecycle, `${at}.lifecycle`), ...probesCauses(container, at));
    return own;
  });
  return [...causes, ...hostPortCauses(containers, field)];
}

/** Init containers run one after the other: only those that stay may have probes and hooks. */
export function initContainersCauses(
  containers: readonly Container[],
  field: string,
  around: Surroundings,
): FieldCause[] {
  return containers.flatMap((container, index) => {
    const at = `${field}[${index}]`;
    const own = containerCauses(container, at, around.volumes);
    if (around.taken.has(container.name)) own.push(duplicate(`${at}.name`, container.name));
    else if (container.name) around.taken.add(container.name);
    const stays = container.restartPolicy === "Always";
    if (stays)
      own.push(...lifecycleCauses(container.lifecycle, `${at}.lifecycle`), ...probesCauses(container, at));
    else own.push(...strangeToInit(container, at));
    return own;
  });
}

function strangeToInit(container: Container, at: string): FieldCause[] {
  const text = "may not be set for init containers without restartPolicy=Always";
  const fields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const;
  return fields.flatMap((name) =>
    container[name] === undefined
      ? []
      : [{ reason: "FieldValueForbidden", message: `Forbidden: ${text}`, field: `${at}.${name}` }],
  );
}

function containerCauses(container: Container, at: string, volumes: ReadonlySet<string>): FieldCause[] {
  const { name, image = "" } = container;
  const causes = name
    ? invalidValues(`${at}.name`, name, dns1123LabelErrors(name))
    : [required(`${at}.name`)];
  if (image === "") causes.push(required(`${at}.image`));
  else if (image.trim() !== image)
    causes.push(invalidValue(`${at}.image`, image, "must not have leading or trailing whitespace"));
  const { terminationMessagePolicy: policy, imagePullPolicy: pull } = container;
  if (policy !== undefined && !MESSAGE_POLICIES.includes(policy))
    causes.push(unsupported(`${at}.terminationMessagePolicy`, policy, MESSAGE_POLICIES));
  return [
    ...causes,
    ...portsCauses(container.ports ?? [], `${at}.ports`),
    ...envCauses(container.env ?? [], `${at}.env`),
    ...envFromCauses(container.envFrom ?? [], `${at}.envFrom`),
    ...mountsCauses(container.volumeMounts ?? [], `${at}.volumeMounts`, volumes),
    ...(pull !== undefined && !PULL_POLICIES.includes(pull)
      ? [unsupported(`${at}.imagePullPolicy`, pull, PULL_POLICIES)]
      : []),
    ...resourcesCauses(container.resources, `${at}.resources`),
    ...securityCauses(container.securityContext, `${at}.securityContext`),
  ];
}

const MESSAGE_POLICIES = ["File", "FallbackToLogsOnError"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];

function portsCauses(ports: readonly ContainerPort[], field: string): FieldCause[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`;
    const { name = "", containerPort, hostPort, protocol = "" } = port;
    const causes: FieldCause[] = [];
    const odd = name === "" ? [] : invalidValues(`${at}.name`, name, portNameErrors(name));
    causes.push(...odd);
    if (name !== "" && odd.length === 0) {
      if (names.has(name)) causes.push(duplicate(`${at}.name`, name));
      names.add(name);
    }
    if (!containerPort) causes.push(required(`${at}.containerPort`));
    else causes.push(...invalidValues(`${at}.containerPort`, containerPort, portNumberErrors(containerPort)));
    if (hostPort) causes.push(...invalidValues(`${at}.hostPort`, hostPort, portNumberErrors(hostPort)));
    if (protocol === "") causes.push(required(`${at}.protocol`));
    else if (!PROTOCOLS.includes(protocol)) causes.push(unsupported(`${at}.protocol`, protocol, PROTOCOLS));
    return causes;
  });
}

/** Two containers cannot have the same port of the host. */
function hostPortCauses(containers: readonly Container[], field: string): FieldCause[] {
  const taken = new Set<string>();
  const causes: FieldCause[] = [];
  for (const [index, { ports = [] }] of containers.entries())
    for (const [at, { hostPort, hostIP = "", protocol = "TCP" }] of ports.entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) causes.push(duplicate(`${field}[${index}].ports[${at}].hostPort`, key));
      taken.add(key);
    }
  return causes;
}

function mountsCauses(
  mounts: readonly VolumeMount[],
  field: string,
  volumes: ReadonlySet<string>,
): FieldCause[] {
  const paths = new Set<string>();
  return mounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`;
    const { name, mountPath, subPath = "", subPathExpr = "" } = mount;
    const causes: FieldCause[] = [];
    if (!name) causes.push(required(`${at}.name`));
    else if (!volumes.has(name)) causes.push(notFoundValue(`${at}.name`, name));
    if (!mountPath) causes.push(required(`${at}.mountPath`));
    if (paths.has(mountPath)) causes.push(invalidValue(`${at}.mountPath`, mountPath, "must be unique"));
    paths.add(mountPath);
    if (subPath !== "") causes.push(...descendingCauses(subPath, `${at}.subPath`));
    if (subPathExpr === "") return causes;
    if (subPath !== "")
      causes.push(
        invalidValue(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive"),
      );
    return [...causes, ...descendingCauses(subPathExpr, `${at}.subPathExpr`)];
  });
}

function descendingCauses(path: string, field: string): FieldCause[] {
  const causes: FieldCause[] = [];
  if (path.startsWith("/")) causes.push(invalidValue(field, path, "must be a relative path"));
  if (path.split("/").includes("..")) causes.push(invalidValue(field, path, "must not contain '..'"));
  return causes;
}
