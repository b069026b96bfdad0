import { isIP } from "node:net";
import { recordsIn } from "../../../api/pod/defaults.ts";
import { podSpecCauses } from "../../../api/pod/validate.ts";
import type { PodSpec } from "../../../api/pod-spec.ts";
import { type AnyObject, isRecord, recordAt, sameJson, valueAt } from "../any-object.ts";
import type { Cause } from "../failures.ts";

/** Kubernetes' checks of built-in kinds, as far as Knative's users meet them. Returns what is wrong. */

export interface Checked {
  readonly object: AnyObject;
  readonly before: AnyObject | undefined;
  /** A component of the engine: its pods do live on loopback addresses. */
  readonly inside: boolean;
}

export function checkBuiltIn(collection: string, checked: Checked): Cause[] {
  switch (collection) {
    case "configmaps":
      return checkImmutable(checked);
    case "secrets":
      return [...checkSecretType(checked), ...checkImmutable(checked)];
    case "deployments.apps":
    case "replicasets.apps":
      return checkWorkload(collection === "deployments.apps" ? "deployment" : "replicaset", checked);
    case "endpoints":
      return recordsIn(checked.object, "subsets").flatMap((subset, index) =>
        checkSubset(subset, index, checked.inside),
      );
    case "services":
      return checkService(checked);
    case "pods":
      return checkPod(checked);
    case "events":
      return checkEvent(checked);
    default:
      return [];
  }
}

function invalidValue(field: string, value: unknown, text: string): Cause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${JSON.stringify(value)}: ${text}`, field };
}

function forbidden(field: string, text: string): Cause {
  return { reason: "FieldValueForbidden", message: `Forbidden: ${text}`, field };
}

function required(field: string, text?: string): Cause {
  return {
    reason: "FieldValueRequired",
    message: `Required value${text === undefined ? "" : `: ${text}`}`,
    field,
  };
}

function unsupported(field: string, value: unknown, supported: string): Cause {
  return {
    reason: "FieldValueNotSupported",
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
    field,
  };
}

function checkImmutable({ object, before }: Checked): Cause[] {
  if (before?.immutable !== true) return [];
  const text = "field is immutable when `immutable` is set";
  const causes: Cause[] = [];
  if (object.immutable !== true) causes.push(forbidden("immutable", text));
  for (const field of ["data", "binaryData"])
    if (!sameJson(object[field] ?? {}, before[field] ?? {})) causes.push(forbidden(field, text));
  return causes;
}

function checkSecretType({ object, before }: Checked): Cause[] {
  if (before === undefined || object.type === before.type) return [];
  return [invalidValue("type", object.type, "field is immutable")];
}

function checkWorkload(kind: string, { object, before }: Checked): Cause[] {
  const spec = recordAt(object, ["spec"]);
  const causes = [...checkCounts(spec), ...checkSelector(kind, spec)];
  if (kind === "deployment") causes.push(...checkStrategy(spec), ...checkDeadline(spec));
  causes.push(...checkTemplate(spec));
  const old = before && valueAt(before, ["spec", "selector"]);
  if (before && !sameJson(old, spec.selector))
    causes.push(invalidValue("spec.selector", spec.selector, "field is immutable"));
  return causes;
}

function checkCounts(spec: Record<string, unknown>): Cause[] {
  return ["replicas", "minReadySeconds", "revisionHistoryLimit"].flatMap((name) => {
    const value = spec[name];
    return typeof value === "number" && value < 0
      ? [invalidValue(`spec.${name}`, value, "must be greater than or equal to 0")]
      : [];
  });
}

function checkSelector(kind: string, spec: Record<string, unknown>): Cause[] {
  const { selector } = spec;
  const labels = valueAt(spec, ["template", "metadata", "labels"]);
  const mismatch = invalidValue(
    "spec.template.metadata.labels",
    labels ?? null,
    "`selector` does not match template `labels`",
  );
  if (!isRecord(selector)) return [required("spec.selector"), mismatch];
  const wanted = recordAt(selector, ["matchLabels"]);
  const expressions = recordsIn(selector, "matchExpressions");
  if (Object.keys(wanted).length + expressions.length === 0)
    return [invalidValue("spec.selector", selector, `empty selector is invalid for ${kind}`)];
  const problems = expressions.flatMap(checkExpression);
  if (problems.length > 0)
    return [...problems, invalidValue("spec.selector", selector, "invalid label selector")];
  const present = isRecord(labels) ? labels : {};
  const matches =
    Object.entries(wanted).every(([name, value]) => present[name] === value) &&
    expressions.every((expression) => matchesExpression(expression, present));
  return matches ? [] : [mismatch];
}

function checkExpression(expression: Record<string, unknown>, index: number): Cause[] {
  const path = `spec.selector.matchExpressions[${index}]`;
  const { operator, values } = expression;
  const listed = Array.isArray(values) && values.length > 0;
  if (operator === "In" || operator === "NotIn")
    return listed ? [] : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  if (operator !== "Exists" && operator !== "DoesNotExist")
    return [invalidValue(`${path}.operator`, operator ?? "", "not a valid selector operator")];
  return listed
    ? [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    : [];
}

function matchesExpression(expression: Record<string, unknown>, labels: Record<string, unknown>): boolean {
  const value = labels[String(expression.key)];
  const values = Array.isArray(expression.values) ? expression.values : [];
  switch (expression.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

function checkStrategy(spec: Record<string, unknown>): Cause[] {
  const strategy = recordAt(spec, ["strategy"]);
  const field = "spec.strategy.rollingUpdate";
  if (strategy.type === "Recreate")
    return strategy.rollingUpdate === undefined
      ? []
      : [forbidden(field, "may not be specified when strategy `type` is 'Recreate'")];
  if (strategy.type !== "RollingUpdate") {
    const shown = { Type: strategy.type, RollingUpdate: strategy.rollingUpdate ?? null };
    return [unsupported("spec.strategy", shown, '"Recreate", "RollingUpdate"')];
  }
  const rolling = recordAt(strategy, ["rollingUpdate"]);
  const causes = ["maxUnavailable", "maxSurge"].flatMap((name) =>
    checkShare(`${field}.${name}`, rolling[name]),
  );
  if (causes.length === 0 && isNothing(rolling.maxSurge) && isNothing(rolling.maxUnavailable))
    causes.push(
      invalidValue(`${field}.maxUnavailable`, rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0"),
    );
  return causes;
}

function isNothing(share: unknown): boolean {
  return share === 0 || /^0+%$/.test(String(share));
}

function checkShare(field: string, share: unknown): Cause[] {
  if (typeof share === "number")
    return share < 0 ? [invalidValue(field, share, "must be greater than or equal to 0")] : [];
  if (/^[0-9]+%$/.test(String(share))) return [];
  const text =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for " +
    "validation is '[0-9]+%')";
  return [invalidValue(field, share, text)];
}

function checkDeadline(spec: Record<string, unknown>): Cause[] {
  const deadline = spec.progressDeadlineSeconds;
  const ready = typeof spec.minReadySeconds === "number" ? spec.minReadySeconds : 0;
  if (typeof deadline !== "number") return [];
  const field = "spec.progressDeadlineSeconds";
  if (deadline < 0) return [invalidValue(field, deadline, "must be greater than or equal to 0")];
  return deadline <= ready ? [invalidValue(field, deadline, "must be greater than minReadySeconds")] : [];
}

function checkTemplate(spec: Record<string, unknown>): Cause[] {
  const pod = recordAt(spec, ["template", "spec"]);
  const causes: Cause[] = podSpecCauses(pod as unknown as PodSpec, "spec.template.spec");
  if (pod.restartPolicy !== "Always")
    causes.push(unsupported("spec.template.spec.restartPolicy", pod.restartPolicy, '"Always"'));
  return causes;
}

function checkSubset(subset: Record<string, unknown>, index: number, inside: boolean): Cause[] {
  const path = `subsets[${index}]`;
  const groups = ["addresses", "notReadyAddresses"] as const;
  if (groups.every((group) => recordsIn(subset, group).length === 0))
    return [required(path, "must specify `addresses` or `notReadyAddresses`")];
  const addresses = groups.flatMap((group) =>
    recordsIn(subset, group).flatMap((address, at) =>
      checkAddress(`${path}.${group}[${at}].ip`, address.ip, inside),
    ),
  );
  const ports = recordsIn(subset, "ports");
  return [
    ...addresses,
    ...ports.flatMap((port, at) => checkPort(`${path}.ports[${at}]`, port, ports.length)),
  ];
}

/** A client may not point at the machine itself; the engine's own pods live there. */
function checkAddress(field: string, ip: unknown, inside: boolean): Cause[] {
  const address = String(ip ?? "");
  if (isIP(address) === 0)
    return [
      invalidValue(field, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
      invalidValue(field, address, "must be a valid IP address"),
    ];
  const loopback = address.startsWith("127.") || address === "::1";
  if (!loopback || inside) return [];
  return [invalidValue(field, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)")];
}

function checkPort(field: string, port: Record<string, unknown>, count: number): Cause[] {
  const causes: Cause[] = [];
  if (count > 1 && !port.name) causes.push(required(`${field}.name`));
  const number = port.port ?? 0;
  if (typeof number !== "number" || number < 1 || number > 65535)
    causes.push(invalidValue(`${field}.port`, number, "must be between 1 and 65535, inclusive"));
  return causes;
}

function checkService({ object, before }: Checked): Cause[] {
  const spec = recordAt(object, ["spec"]);
  const old = before && recordAt(before, ["spec"]);
  const kept = old?.type !== "ExternalName" && spec.type !== "ExternalName";
  const causes: Cause[] = [];
  if (old?.clusterIP && kept && old.clusterIP !== spec.clusterIP)
    causes.push(invalidValue("spec.clusterIPs[0]", [spec.clusterIP], "may not change once set"));
  if (spec.type !== "ExternalName" && spec.clusterIP !== "None" && recordsIn(spec, "ports").length === 0)
    causes.push(required("spec.ports"));
  const ports = recordsIn(spec, "ports");
  return [
    ...causes,
    ...ports.flatMap((port, index) => checkPort(`spec.ports[${index}]`, port, ports.length)),
  ];
}

function checkEvent({ object, before }: Checked): Cause[] {
  const about = String(valueAt(object, ["involvedObject", "namespace"]) ?? "");
  const { namespace = "" } = object.metadata;
  if (before || about === namespace || (about === "" && namespace === "default")) return [];
  return [invalidValue("involvedObject.namespace", about, "does not match event.namespace")];
}

const POD_CHANGES =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function checkPod({ object, before, inside }: Checked): Cause[] {
  const spec = recordAt(object, ["spec"]);
  const causes = podSpecCauses(spec as unknown as PodSpec, "spec");
  if (!before || causes.length > 0) return causes;
  const old = recordAt(before, ["spec"]);
  if (recordsIn(spec, "containers").length !== recordsIn(old, "containers").length)
    return [forbidden("spec.containers", "pod updates may not add or remove containers")];
  // The engine's own node binds a pod to itself by writing nodeName.
  const essence = (fields: Record<string, unknown>) => ({
    ...fields,
    tolerations: undefined,
    activeDeadlineSeconds: undefined,
    ...(inside ? { nodeName: undefined } : {}),
    containers: recordsIn(fields, "containers").map((container) => ({ ...container, image: undefined })),
    initContainers: recordsIn(fields, "initContainers").map((container) => ({
      ...container,
      image: undefined,
    })),
  });
  return sameJson(essence(spec), essence(old)) ? [] : [forbidden("spec", POD_CHANGES)];
}
