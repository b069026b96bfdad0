/** How Knative shows what changed in a spec that must not: Go's names of the fields, old and new value. */
import { isSame } from "./same.ts";

/** "" when both are the same. `goType` names the type at the top, with a star where it is a pointer. */
export function shortDiff(goType: string, old: unknown, updated: unknown): string {
  const lines: string[] = [];
  new Walk(lines).compare(`{${goType}}`, old ?? {}, updated ?? {});
  return lines.join("");
}

type Json = Record<string, unknown>;

/** Fields whose Go type is a pointer to a scalar: the path begins with a star. */
const POINTERS = new Set([
  ...["containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds"],
  ...["enableServiceLinks", "automountServiceAccountToken", "runAsUser", "runAsGroup", "runAsNonRoot"],
  ...["allowPrivilegeEscalation", "readOnlyRootFilesystem", "privileged"],
]);
const REVISION_FIELDS = new Set([
  ...["containerConcurrency", "timeoutSeconds", "responseStartTimeoutSeconds", "idleTimeoutSeconds"],
]);

function isPodField(key: string): boolean {
  return !REVISION_FIELDS.has(key);
}

class Walk {
  readonly #lines: string[];

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  compare(path: string, old: unknown, updated: unknown): void {
    if (isSame(old, updated)) return;
    if (isRecord(old) && isRecord(updated)) {
      const keys = [...new Set([...Object.keys(old), ...Object.keys(updated)])];
      // The pod's own fields come first: they are embedded at the top of the struct.
      const [own, pod] = [keys.filter((key) => REVISION_FIELDS.has(key)), keys.filter(isPodField)];
      for (const key of [...pod, ...own]) this.#field(path, key, { old: old[key], updated: updated[key] });
    } else if (Array.isArray(old) && Array.isArray(updated) && old.length === updated.length) {
      for (const [index, one] of old.entries()) this.compare(`${path}[${index}]`, one, updated[index]);
    } else this.#report(path, old, updated);
  }

  #field(path: string, key: string, values: { readonly old: unknown; readonly updated: unknown }): void {
    if (isSame(values.old, values.updated)) return;
    const below = `${path}.${goPath(path, key)}`;
    const isMap = key === "labels" || key === "annotations" || key === "requests" || key === "limits";
    const bothMaps = isRecord(values.old) && isRecord(values.updated);
    if (isMap && !bothMaps) {
      this.#report(below, values.old ?? {}, values.updated ?? {});
    } else if (POINTERS.has(key) && values.old !== undefined && values.updated !== undefined) {
      this.#report(`*${below}`, values.old, values.updated);
    } else if (isMap) {
      this.#map(below, values.old as Json, values.updated as Json);
    } else this.compare(below, values.old, values.updated);
  }

  #map(path: string, old: Json, updated: Json): void {
    for (const key of new Set([...Object.keys(old), ...Object.keys(updated)])) {
      if (!isSame(old[key], updated[key])) {
        this.#report(`${path}[${JSON.stringify(key)}]`, old[key], updated[key]);
      }
    }
  }

  #report(path: string, old: unknown, updated: unknown): void {
    let text = `${path}:\n`;
    if (old !== undefined) text += `\t-: "${goText(old)}"\n`;
    if (updated !== undefined) text += `\t+: "${goText(updated)}"\n`;
    this.#lines.push(text);
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  httpGet: "HTTPGet",
  tcpSocket: "TCPSocket",
  grpc: "GRPC",
  httpHeaders: "HTTPHeaders",
  tty: "TTY",
  dnsPolicy: "DNSPolicy",
  dnsConfig: "DNSConfig",
  uid: "UID",
  metadata: "ObjectMeta",
};
const HANDLERS = new Set(["httpGet", "tcpSocket", "grpc", "exec"]);

/** The field as Go spells it, with the embedded structs that lie between. */
function goPath(path: string, key: string): string {
  const name = ABBREVIATIONS[key] ?? `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
  const isSpec = path.endsWith(".Spec") || path === "{v1.RevisionSpec}";
  if (isSpec && !REVISION_FIELDS.has(key)) return `PodSpec.${name}`;
  if (HANDLERS.has(key) && path.endsWith("Probe")) return `ProbeHandler.${name}`;
  return name;
}

/** As `%+v` prints it. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isRecord(value)) return String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goText(value[key])}`);
  return `map[${entries.join(" ")}]`;
}
