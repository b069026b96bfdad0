import type { Random } from "../../base/random.ts";
import { randomSuffix } from "../../base/random.ts";
import type { AnyObject } from "./any-object.ts";
import { type Cause, invalidObject } from "./failures.ts";
import type { Resource } from "./resources.ts";

/** Names of objects: generated from a base, and checked with Kubernetes' texts. */

/** Longest base that leaves room for the five random characters. */
const GENERATE_BASE_MAX = 58;

export function nameFor(object: AnyObject, random: Random): string | undefined {
  const { name, generateName } = object.metadata;
  if (name) return name;
  return generateName ? generateName.slice(0, GENERATE_BASE_MAX) + randomSuffix(random) : undefined;
}

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_PATTERN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const LABEL_1035_PATTERN = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end " +
  "with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and " +
  "end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
  "'[a-z]([-a-z0-9]*[a-z0-9])?')";

/** Kinds whose name is a single DNS label. */
const LABEL_KINDS = new Set(["namespaces"]);
const LABEL_1035_KINDS = new Set(["services"]);

function nameProblems(resource: Resource, name: string): string[] {
  if (LABEL_KINDS.has(resource.collection))
    return problems(name, LABEL_PATTERN, { text: LABEL_TEXT, max: 63 });
  if (LABEL_1035_KINDS.has(resource.collection))
    return problems(name, LABEL_1035_PATTERN, { text: LABEL_1035_TEXT, max: 63 });
  return problems(name, SUBDOMAIN_PATTERN, { text: SUBDOMAIN_TEXT, max: 253 });
}

function problems(name: string, pattern: RegExp, rule: { text: string; max: number }): string[] {
  const found: string[] = [];
  if (name.length > rule.max) found.push(`must be no more than ${rule.max} bytes`);
  if (!pattern.test(name)) found.push(rule.text);
  return found;
}

/** Throws 422 for a missing or bad name. */
export function checkName(resource: Resource, object: AnyObject): void {
  const { name, generateName } = object.metadata;
  if (!name) {
    const message = "Required value: name or generateName is required";
    throw invalidObject(resource, "", [{ reason: "FieldValueRequired", message, field: "metadata.name" }]);
  }
  const causes = nameProblems(resource, name).map((problem) => invalidValue("metadata.name", name, problem));
  if (causes.length === 0) return;
  if (generateName) {
    const base = nameProblems(resource, `${generateName}a`);
    causes.unshift(...base.map((problem) => invalidValue("metadata.generateName", generateName, problem)));
  }
  throw invalidObject(resource, name, causes);
}

function invalidValue(field: string, value: string, problem: string): Cause {
  return {
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${problem}`,
    field,
  };
}
