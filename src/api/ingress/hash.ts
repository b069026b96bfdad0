import { createHash } from "node:crypto";
import type { Ingress, IngressPath, IngressRule, IngressSpec, IngressSplit } from "./kind.ts";

/**
 * Names the rules of an Ingress, so that a probe can tell whether a gateway serves them: lower-case hex SHA-256 of the
 * spec as Go's encoding/json writes it, then namespace, then name (spec G-021).
 */
export function ingressHash(ingress: Ingress): string {
  const { namespace = "", name = "" } = ingress.metadata;
  return createHash("sha256")
    .update(goJson(goSpec(ingress.spec)) + namespace + name)
    .digest("hex");
}

/** Fields in the order of Go's struct; a list that must be there and is not becomes null. */
function goSpec({ tls, rules, httpOption }: IngressSpec): Fields {
  return {
    tls: omitEmptyList(
      tls?.map(({ hosts, secretName, secretNamespace }) => ({
        hosts: omitEmptyList(hosts),
        secretName: omitEmpty(secretName),
        secretNamespace: omitEmpty(secretNamespace),
      })),
    ),
    rules: omitEmptyList(rules?.map(goRule)),
    httpOption: omitEmpty(httpOption),
  };
}

function goRule({ hosts, visibility, http }: IngressRule): Fields {
  return {
    hosts: omitEmptyList(hosts),
    visibility: omitEmpty(visibility),
    http: http && { paths: http.paths?.map(goPath) ?? null },
  };
}

function goPath({ path, rewriteHost, headers, splits, appendHeaders }: IngressPath): Fields {
  return {
    path: omitEmpty(path),
    rewriteHost: omitEmpty(rewriteHost),
    headers: sortedMap(headers, ({ exact }) => ({ exact })),
    splits: (splits as IngressSplit[] | null | undefined)?.map(goSplit) ?? null,
    appendHeaders: sortedMap(appendHeaders, (value) => value),
  };
}

function goSplit(split: IngressSplit): Fields {
  return {
    serviceNamespace: split.serviceNamespace,
    serviceName: split.serviceName,
    servicePort: split.servicePort,
    percent: split.percent === 0 ? undefined : split.percent,
    appendHeaders: sortedMap(split.appendHeaders, (value) => value),
  };
}

type Fields = Record<string, unknown>;

function omitEmpty<T extends string>(text: T | undefined): T | undefined {
  return text === undefined || text.length === 0 ? undefined : text;
}

function omitEmptyList<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** Go sorts the keys of a map by their bytes; an empty one is left out. */
function sortedMap<T>(map: Record<string, T> | undefined, write: (value: T) => unknown): unknown {
  const entries = Object.entries(map ?? {});
  if (entries.length === 0) return undefined;
  const sorted = entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  return new OrderedMap(sorted.map(([key, value]) => [key, write(value)]));
}

/** A plain object would put keys that look like numbers first. */
class OrderedMap {
  readonly entries: readonly (readonly [string, unknown])[];

  constructor(entries: readonly (readonly [string, unknown])[]) {
    this.entries = entries;
  }
}

function goJson(value: unknown): string {
  if (value instanceof OrderedMap) return fieldsJson(value.entries);
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (typeof value === "object" && value !== null) return fieldsJson(Object.entries(value));
  return escaped(JSON.stringify(value));
}

function fieldsJson(entries: readonly (readonly [string, unknown])[]): string {
  const fields = entries.filter(([, value]) => value !== undefined);
  return `{${fields.map(([key, value]) => `${escaped(JSON.stringify(key))}:${goJson(value)}`).join(",")}}`;
}

/** What Go escapes and JavaScript does not (errata G-021). */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
