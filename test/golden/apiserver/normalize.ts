import { isMap, type Json } from "./scenario.ts";

/** Replaces what differs from run to run (uids, versions, times, generated names) so that relations stay. */

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b20(2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const AGE = /^(\d+[smhdy]){1,3}$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}";
const CONTROLLERS = new Set([
  "kube-controller-manager",
  "controller",
  "webhook",
  "autoscaler",
  "kube-apiserver",
]);
const AGE_COLUMNS = new Set(["Age", "Created At", "Last Seen", "First Seen"]);
const BASE_MAX = 58;

interface Place {
  readonly key: string;
  readonly isListMeta: boolean;
  readonly parent: string;
}

export class Normalizer {
  readonly #namespace: string;
  readonly #managed: boolean;
  readonly #versions = new Map<string, string>();
  readonly #uids = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #bases = new Map<string, number>();
  readonly #wanted: string[] = [];

  constructor(namespace: string, managed: boolean) {
    this.#namespace = namespace;
    this.#managed = managed;
  }

  /** Remembers a request's generateName, for names that only show up in messages. */
  asked(body: unknown): void {
    const metadata = isMap(body) ? body.metadata : undefined;
    if (isMap(metadata) && typeof metadata.generateName === "string")
      this.#wanted.push(metadata.generateName.slice(0, BASE_MAX));
  }

  body(text: string, contentType: string): { raw: unknown; shown: unknown } {
    if (contentType.includes("protobuf")) return { raw: undefined, shown: "<binary>" };
    if (!contentType.includes("json")) return { raw: undefined, shown: this.text(text) };
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      return { raw: undefined, shown: this.text(text) };
    }
    this.#learn(raw);
    return { raw, shown: this.#walk(raw, TOP) };
  }

  event(line: string): { raw: unknown; shown: unknown } {
    const raw = JSON.parse(line) as Json;
    this.#learn(raw);
    const shown = JSON.parse(line) as Json;
    const isBookmark = raw.type === "BOOKMARK";
    const before = metadataOf(shown.object);
    if (isBookmark && before?.resourceVersion) before.resourceVersion = "0";
    const out = this.#walk(shown, TOP) as Json;
    const after = metadataOf(out.object);
    if (isBookmark && after?.resourceVersion) after.resourceVersion = "rvBookmark";
    return { raw, shown: out };
  }

  text(given: string): string {
    let text = given.replace(JWT, "jwt");
    const byLength = [...this.#names].sort(([left], [right]) => right.length - left.length);
    for (const [name, shown] of byLength) text = text.replaceAll(name, shown);
    for (const base of this.#wanted)
      text = text.replace(new RegExp(`(${escaped(base)})${SUFFIX}(?![a-z0-9])`, "g"), "$1rand5");
    text = text.replaceAll(this.#namespace, "{{ns}}");
    const version = (_: string, before: string, number: string) => before + this.#version(number);
    text = text.replace(/(resourceVersion\\*":\\*")(\d+)/g, version);
    text = text.replace(/(ResourceVersion in record \()(\d+)/g, version);
    text = text.replace(/(dry-run-validation)[a-z0-9]{5}\b/g, "$1rand5");
    text = text.replace(/kube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-rand5");
    text = text.replace(UUID, (uid) => this.#uid(uid));
    text = text.replace(TIME, (_, __, fraction) => (fraction ? "microtime" : "time"));
    text = text.replace(/(too old resource version: \d+ \()\d+/gi, "$1N");
    text = text.replace(/(Too large resource version: \d+, current: )\d+/g, "$1N");
    text = text.replace(/(ResourceVersion in object meta: )(\d+)/g, version);
    const known = (_: string, before: string, number: string) =>
      before + (this.#versions.get(number) ?? number);
    return text.replace(/(ResourceVersion in precondition: )(\d+)/g, known);
  }

  #version(value: string): string {
    if (value === "" || value === "0") return value;
    const name = this.#versions.get(value) ?? `rv${this.#versions.size + 1}`;
    this.#versions.set(value, name);
    return name;
  }

  #uid(value: string): string {
    const name = this.#uids.get(value) ?? `uid${this.#uids.size + 1}`;
    this.#uids.set(value, name);
    return name;
  }

  #learn(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.#learn(item);
    if (!isMap(value)) return;
    const { metadata, spec } = value;
    if (isMap(metadata) && typeof metadata.generateName === "string" && typeof metadata.name === "string") {
      const base = metadata.generateName.slice(0, BASE_MAX);
      const { name } = metadata;
      if (base !== "" && name.startsWith(base) && name.length === base.length + 5 && !this.#names.has(name)) {
        const count = (this.#bases.get(base) ?? 0) + 1;
        this.#bases.set(base, count);
        this.#names.set(name, `${base}${count === 1 ? "rand5" : `rand5#${count}`}`);
      }
    }
    if (value.kind === "Service" && isMap(spec) && typeof spec.clusterIP === "string") {
      const ip = spec.clusterIP;
      const known = [...this.#names.values()].filter((name) => name.startsWith("clusterIP")).length;
      if (IPV4.test(ip) && !this.#names.has(ip)) this.#names.set(ip, `clusterIP${known + 1}`);
    }
    for (const item of Object.values(value)) this.#learn(item);
  }

  #walk(value: unknown, place: Place): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.#walk(item, { ...place, isListMeta: false }));
    if (!isMap(value)) return value;
    const isList = "items" in value || value.kind === "Table";
    const out: Json = {};
    for (const [key, item] of Object.entries(value)) {
      const shown = this.#member(
        key,
        item,
        { key, isListMeta: isList && key === "metadata", parent: place.key },
        place,
      );
      if (shown !== undefined) out[this.text(key)] = shown;
    }
    if (value.kind === "Table" && Array.isArray(out.rows)) hideAges(value, out.rows);
    return out;
  }

  #member(key: string, item: unknown, inner: Place, place: Place): unknown {
    if (key === "storageVersionHash") return undefined;
    if (key === "managedFields" && place.key === "metadata") {
      if (!this.#managed || !Array.isArray(item)) return undefined;
      const kept = item.filter((entry) => !CONTROLLERS.has(String(isMap(entry) ? entry.manager : "")));
      return kept.length === 0 ? undefined : this.#walk(kept, inner);
    }
    if (key === "resourceVersion" && typeof item === "string") {
      if (place.isListMeta) return item === "" || item === "0" ? item : "rvList";
      return this.#version(item);
    }
    if (key === "continue" && place.isListMeta && item) return "continue";
    if ((key === "nodePort" || key === "healthCheckNodePort") && typeof item === "number" && item)
      return "nodePort";
    return this.#walk(item, inner);
  }
}

const TOP: Place = { key: "", isListMeta: false, parent: "" };

function metadataOf(object: unknown): Json | undefined {
  return isMap(object) && isMap(object.metadata) ? object.metadata : undefined;
}

function hideAges(table: Json, rows: unknown[]): void {
  const columns = Array.isArray(table.columnDefinitions) ? table.columnDefinitions : [];
  const ages = columns.flatMap((column, index) =>
    AGE_COLUMNS.has(String(isMap(column) ? column.name : "")) ? [index] : [],
  );
  for (const row of rows) {
    if (!isMap(row) || !Array.isArray(row.cells)) continue;
    row.cells = row.cells.map((cell: unknown, index: number) => {
      if (ages.includes(index) && cell !== "<unknown>" && cell !== "<nil>") return "AGE";
      return typeof cell === "string" && AGE.test(cell) ? "AGE" : cell;
    });
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
