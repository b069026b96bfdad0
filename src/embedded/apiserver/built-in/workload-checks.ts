import { forbidden, invalidValue, required, unsupported } from "../../../api/field-cause.ts";
import { recordsIn } from "../../../api/pod/defaults.ts";
import { podSpecCauses } from "../../../api/pod/validate.ts";
import type { PodSpec } from "../../../api/pod-spec.ts";
import { isRecord, recordAt, sameJson, valueAt } from "../any-object.ts";
import type { Cause } from "../failures.ts";
import type { Checked } from "./checked.ts";

/** Kubernetes' checks of Deployments and ReplicaSets. */

export function checkWorkload(kind: string, { object, before }: Checked): Cause[] {
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
    return [unsupported("spec.strategy", shown, ["Recreate", "RollingUpdate"])];
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
  const causes: Cause[] = podSpecCauses(pod as Partial<PodSpec>, "spec.template.spec");
  if (pod.restartPolicy !== "Always")
    causes.push(unsupported("spec.template.spec.restartPolicy", pod.restartPolicy, ["Always"]));
  return causes;
}
