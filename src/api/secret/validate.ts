/** Kubernetes' rules of secret types, with its texts. Values are never shown. */
import { type FieldCause, invalidValue, invalidValues, required } from "../field-cause.ts";
import { configKeyErrors } from "../syntax.ts";
import type { Secret } from "./kind.ts";

const REDACTED = "<secret contents redacted>";

/** What a type demands of data; of several groups of keys one must be there. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};
const JSON_TYPES = new Set(["kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"]);
const TOKEN_TYPE = "kubernetes.io/service-account-token";
const ACCOUNT = "kubernetes.io/service-account.name";

export function secretCauses(secret: Secret): FieldCause[] {
  const { data = {}, type = "" } = secret;
  const causes = Object.keys(data).flatMap((key) => invalidValues(`data[${key}]`, key, configKeyErrors(key)));
  if (type === TOKEN_TYPE && !secret.metadata.annotations?.[ACCOUNT])
    causes.push(required(`metadata.annotations[${ACCOUNT}]`));
  if (type === "kubernetes.io/basic-auth" && data.username === undefined && data.password === undefined)
    causes.push(required("data[username]"), required("data[password]"));
  for (const key of KEYS[type] ?? []) {
    const value = data[key];
    if (value === undefined) causes.push(required(`data[${key}]`));
    else if (JSON_TYPES.has(type)) causes.push(...jsonCauses(`data[${key}]`, value));
  }
  return causes;
}

function jsonCauses(field: string, base64: string): FieldCause[] {
  const text = Buffer.from(base64, "base64").toString("utf8");
  try {
    JSON.parse(text);
    return [];
  } catch {
    const first = text.trimStart()[0];
    const why =
      first === undefined || first === "{" || first === "["
        ? "unexpected end of JSON input"
        : `invalid character '${first}' looking for beginning of value`;
    return [invalidValue(field, REDACTED, why)];
  }
}

/** A certificate that cannot be one is only warned of. */
export function secretWarnings({ data = {}, type }: Secret): string[] {
  if (type !== "kubernetes.io/tls") return [];
  const text = Buffer.from(data["tls.crt"] ?? "", "base64").toString("utf8");
  return text.includes("-----BEGIN ") ? [] : ["tls: failed to find any PEM data in certificate input"];
}

/** Go's decoder refuses a body whose values are no base64. */
export function base64Problem(value: string): string | undefined {
  const text = value.replace(/[\r\n]/g, "");
  const odd = /[^A-Za-z0-9+/=]/.exec(text);
  if (odd) return `illegal base64 data at input byte ${odd.index}`;
  return text.length % 4 === 0
    ? undefined
    : `illegal base64 data at input byte ${text.length - (text.length % 4)}`;
}
