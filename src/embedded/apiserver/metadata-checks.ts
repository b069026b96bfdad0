import type { Random } from "../../base/random.ts";
import { randomSuffix } from "../../base/random.ts";
import type { AnyObject } from "./any-object.ts";
import { type Cause, invalidObject } from "./failures.ts";
import {
  label1035Problems,
  labelProblems,
  labelValueProblems,
  qualifiedNameProblems,
  segmentProblems,
  subdomainProblems,
} from "./name-texts.ts";
import type { Resource } from "./resources.ts";

/** Metadata that every kind has: names generated and checked, labels, annotations, finalizers, owners. */

/** Longest base that leaves room for the five random characters. */
const GENERATE_BASE_MAX = 58;
const ANNOTATIONS_MAX = 256 * 1024;
const STANDARD_FINALIZERS = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Kinds of which Kubernetes checks no more of metadata than what every path and label needs. */
const CHECKED_LITTLE = new Set(["events", "poddisruptionbudgets.policy"]);

export function nameFor(object: AnyObject, random: Random): string | undefined {
  const { name, generateName } = object.metadata;
  if (name) return name;
  return generateName ? generateName.slice(0, GENERATE_BASE_MAX) + randomSuffix(random) : undefined;
}

/** Throws 422 for a missing or bad name and for anything else of metadata that is wrong. */
export function checkMetadata(resource: Resource, object: AnyObject): void {
  const { name, generateName } = object.metadata;
  if (!name) {
    const message = "Required value: name or generateName is required";
    throw invalidObject(resource, "", [{ reason: "FieldValueRequired", message, field: "metadata.name" }]);
  }
  const rule = nameRuleOf(resource);
  const base = generateName ? rule(`${generateName}a`) : [];
  const causes = [
    ...(generateName
      ? base.map((problem) => invalidValue("metadata.generateName", generateName, problem))
      : []),
    ...rule(name).map((problem) => invalidValue("metadata.name", name, problem)),
    ...otherProblems(resource, object),
  ];
  if (causes.length > 0) throw invalidObject(resource, name, causes);
}

/** The same for an update, whose name is settled. */
export function checkOtherMetadata(resource: Resource, object: AnyObject): void {
  const causes = otherProblems(resource, object);
  if (causes.length > 0) throw invalidObject(resource, object.metadata.name ?? "", causes);
}

function nameRuleOf({ collection }: Resource): (text: string) => string[] {
  if (collection === "namespaces") return labelProblems;
  if (collection === "services") return label1035Problems;
  if (CHECKED_LITTLE.has(collection) || collection.endsWith(".rbac.authorization.k8s.io"))
    return segmentProblems;
  return subdomainProblems;
}

/** Kinds whose name ends up in pod names: a dot there is only warned of. */
const POD_OWNERS = new Set(["deployments.apps", "replicasets.apps", "pods"]);

/** Custom resources may have finalizers without a domain, yet should not. */
export function finalizerWarnings({ kind }: Resource, { metadata }: AnyObject): string[] {
  if (!kind.custom) return [];
  return (metadata.finalizers ?? [])
    .filter((finalizer) => !finalizer.includes("/") && !STANDARD_FINALIZERS.has(finalizer))
    .map(
      (finalizer) =>
        `metadata.finalizers: ${JSON.stringify(finalizer)}: prefer a domain-qualified finalizer name to avoid ` +
        "accidental conflicts with other finalizer writers",
    );
}

export function nameWarnings({ collection }: Resource, name: string): string[] {
  if (!POD_OWNERS.has(collection)) return [];
  const problems = labelProblems(name);
  if (problems.length === 0) return [];
  const why =
    "this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended";
  const only = collection === "pods" ? why.replace("Pod names and hostnames", "the Pod's hostname") : why;
  return [`metadata.name: ${only}: [${problems.join(" ")}]`];
}

function otherProblems(resource: Resource, { metadata }: AnyObject): Cause[] {
  return [
    ...labelCauses(metadata.labels ?? {}),
    ...annotationCauses(metadata.annotations ?? {}),
    ...finalizerCauses(
      metadata.finalizers ?? [],
      !resource.kind.custom && !CHECKED_LITTLE.has(resource.collection),
    ),
    ...ownerCauses(metadata.ownerReferences ?? []),
  ];
}

function labelCauses(labels: Readonly<Record<string, string>>): Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((problem) => invalidValue("metadata.labels", key, problem)),
    ...labelValueProblems(value).map((problem) => invalidValue("metadata.labels", value, problem)),
  ]);
}

function annotationCauses(annotations: Readonly<Record<string, string>>): Cause[] {
  const causes = Object.keys(annotations).flatMap((key) =>
    qualifiedNameProblems(key.toLowerCase()).map((problem) =>
      invalidValue("metadata.annotations", key, problem),
    ),
  );
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (size <= ANNOTATIONS_MAX) return causes;
  const message = `Too long: may not be more than ${ANNOTATIONS_MAX} bytes`;
  return [...causes, { reason: "FieldValueTooLong", message, field: "metadata.annotations" }];
}

function finalizerCauses(finalizers: readonly string[], mustBeKnown: boolean): Cause[] {
  return finalizers.flatMap((finalizer, index) => {
    const problems = qualifiedNameProblems(finalizer);
    const causes = problems.map((problem) => invalidValue("metadata.finalizers", finalizer, problem));
    if (!mustBeKnown || finalizer.includes("/") || STANDARD_FINALIZERS.has(finalizer)) return causes;
    const text = "name is neither a standard finalizer name nor is it fully qualified";
    return [...causes, invalidValue(`metadata.finalizers[${index}]`, finalizer, text)];
  });
}

function ownerCauses(owners: NonNullable<AnyObject["metadata"]["ownerReferences"]>): Cause[] {
  const fields = ["apiVersion", "kind", "name", "uid"] as const;
  const causes = owners.flatMap((owner) =>
    fields
      .filter((field) => !owner[field])
      .map((field) => invalidValue(`metadata.ownerReferences.${field}`, "", "must not be empty")),
  );
  const [first, second] = owners.filter((owner) => owner.controller);
  if (!first || !second) return causes;
  const text = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
  return [...causes, invalidValue("metadata.ownerReferences", owners, text)];
}

function invalidValue(field: string, value: unknown, problem: string): Cause {
  return {
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${problem}`,
    field,
  };
}
