import { setTimeout as delay } from "node:timers/promises";
import { administrator, type Identity } from "../../../src/embedded/apiserver/access/identity.ts";
import type { ApiServer } from "../../../src/embedded/apiserver/api-server.ts";
import type { ApiResponse } from "../../../src/embedded/apiserver/rest/exchange.ts";
import { Normalizer } from "./normalize.ts";
import {
  applyMask,
  fill,
  holds,
  isMap,
  type RecordedHeaders,
  type Scenario,
  type Step,
  select,
} from "./scenario.ts";

/** Plays a recorded scenario against an API server in this process and tells the first difference. */

const KEPT_HEADERS = new Set(["content-type", "warning", "allow", "retry-after", "location"]);
/** In process nothing takes long: what is not there after this will not come. */
const POLL_MAX_MS = 300;
const READ_MAX_MS = 400;

interface Run {
  readonly apiServer: ApiServer;
  readonly namespace: string;
  readonly normalizer: Normalizer;
  readonly answers: unknown[];
  readonly streams: Map<string, Stream>;
}

/** undefined when every step was answered as recorded. */
export async function replay(apiServer: ApiServer, scenario: Scenario): Promise<string | undefined> {
  const namespace = "g-bcdfghjk";
  const normalizer = new Normalizer(namespace, scenario.managed ?? false);
  const run: Run = { apiServer, namespace, normalizer, answers: [], streams: new Map() };
  try {
    for (const [index, step] of scenario.steps.entries()) {
      const played = await play(run, step, [...(scenario.mask ?? []), ...(step.mask ?? [])]);
      for (const part of ["response", "events", "ended"] as const) {
        const difference = differenceOf(step[part], played[part], `step ${index} ${part}`);
        if (difference !== undefined) return difference;
      }
    }
    return undefined;
  } finally {
    for (const stream of run.streams.values()) stream.close();
  }
}

interface Played {
  readonly response?: unknown;
  readonly events?: unknown;
  readonly ended?: unknown;
}

async function play(run: Run, step: Step, masks: readonly string[]): Promise<Played> {
  let raw: unknown;
  let played: Played = {};
  if (step.sleep !== undefined) await delay(Math.min(step.sleep * 1000, POLL_MAX_MS));
  else if (step.request) [raw, played] = await playRequest(run, step, masks);
  else if (step.watch) [raw, played] = await playWatch(run, step, masks);
  else if (step.read) [raw, played] = await playRead(run, step, masks);
  run.answers.push(raw);
  return played;
}

async function playRequest(run: Run, step: Step, masks: readonly string[]): Promise<[unknown, Played]> {
  const request = fill(step.request, run.namespace, run.answers);
  if (!request) return [undefined, {}];
  run.normalizer.asked(request.body);
  const body = request.raw ?? (request.body === undefined ? undefined : asSent(request.body));
  const end = Date.now() + POLL_MAX_MS;
  for (;;) {
    const response = await call(run, { ...request, body });
    const text = request.method === "HEAD" ? "" : await textOf(response);
    if (step.poll && !holds(step.poll.until, response.status, parsed(text)) && Date.now() < end) {
      await delay(10);
      continue;
    }
    const shown = run.normalizer.body(text, String(response.headers["content-type"] ?? ""));
    const visible = step.brief ? "…" : select(applyMask(shown.shown, masks), step.only ?? []);
    return [
      shown.raw,
      { response: { status: response.status, headers: keptHeaders(run, response), body: visible } },
    ];
  }
}

async function playWatch(run: Run, step: Step, masks: readonly string[]): Promise<[unknown, Played]> {
  const watch = fill(step.watch, run.namespace, run.answers);
  if (!watch) return [undefined, {}];
  const stop = new AbortController();
  const headers = watch.headers === undefined ? {} : { headers: watch.headers };
  const response = await call(run, { method: "GET", path: watch.path, ...headers, signal: stop.signal });
  const answer = { status: response.status, headers: keptHeaders(run, response) };
  if (typeof response.body !== "string") {
    run.streams.set(watch.id, new Stream(response.body, stop));
    return [undefined, { response: answer }];
  }
  const { raw, shown } = run.normalizer.body(response.body, String(response.headers["content-type"] ?? ""));
  return [raw, { response: { ...answer, body: applyMask(shown, masks) } }];
}

async function playRead(run: Run, step: Step, masks: readonly string[]): Promise<[unknown, Played]> {
  const { read } = step;
  const stream = run.streams.get(read?.id ?? "");
  if (!read || !stream) return [undefined, { events: [], ended: true }];
  const events: unknown[] = [];
  const raws: unknown[] = [];
  let ended = false;
  let bookmark = "";
  const longEnd = step.ended === true ? 8000 : READ_MAX_MS;
  const end = Date.now() + Math.min((read.seconds ?? 10) * 1000, longEnd);
  while (events.length < (read.count ?? Number.POSITIVE_INFINITY)) {
    const line = await stream.line(end - Date.now());
    if (line === "timeout") break;
    if (line === undefined) {
      ended = true;
      break;
    }
    const { raw, shown } = run.normalizer.event(line);
    const text = JSON.stringify(shown);
    if (text === bookmark) continue;
    bookmark = isMap(shown) && shown.type === "BOOKMARK" ? text : "";
    raws.push(raw);
    events.push(applyMask(shown, masks));
  }
  if (read.close) stream.close();
  if (read.unordered) events.sort((left, right) => (sorted(left) < sorted(right) ? -1 : 1));
  return [raws, { events, ended }];
}

/** JSON as the recording client wrote it, with a blank after each comma and colon; some messages show the body. */
function asSent(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asSent).join(", ")}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${asSent(item)}`);
  return `{${fields.join(", ")}}`;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: RecordedHeaders;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal;
}

async function call(run: Run, request: Call): Promise<ApiResponse> {
  const headers = new Map<string, string>([
    ["accept", "application/json"],
    ["user-agent", "golden/1"],
    ["authorization", "Bearer golden"],
  ]);
  if (request.body !== undefined) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (value === null) headers.delete(name.toLowerCase());
    else headers.set(name.toLowerCase(), value);
  }
  const response = await run.apiServer.handle(
    {
      method: request.method,
      url: request.path,
      headers: Object.fromEntries(headers),
      body: Buffer.from(request.body ?? "", "utf8"),
      signal: request.signal ?? new AbortController().signal,
    },
    identityFrom(headers.get("authorization")),
  );
  return response;
}

function identityFrom(authorization: string | undefined): Identity {
  const token = /^bearer +(\S+)/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return { type: "anonymous" };
  return token === "golden" ? administrator("admin") : { type: "invalid" };
}

async function textOf(response: ApiResponse): Promise<string> {
  if (typeof response.body === "string") return response.body;
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keptHeaders(run: Run, response: ApiResponse): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (!KEPT_HEADERS.has(name)) continue;
    const values = (typeof value === "string" ? [value] : value).map((text) => run.normalizer.text(text));
    kept[name] = name === "warning" ? values : values[0];
  }
  return kept;
}

/** Lines of a watch, taken one by one. */
class Stream {
  readonly #stop: AbortController;
  readonly #lines: (string | undefined)[] = [];
  #wake: (() => void) | undefined;

  constructor(body: AsyncIterable<string | Uint8Array>, stop: AbortController) {
    this.#stop = stop;
    void this.#pump(body);
  }

  close(): void {
    this.#stop.abort();
  }

  /** undefined = the stream has ended. */
  async line(waitMs: number): Promise<string | undefined | "timeout"> {
    if (this.#lines.length === 0 && waitMs > 0) {
      const timeout = new AbortController();
      const arrived = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([arrived, delay(waitMs, undefined, { signal: timeout.signal }).catch(() => {})]);
      timeout.abort();
    }
    return this.#lines.length === 0 ? "timeout" : this.#lines.shift();
  }

  async #pump(body: AsyncIterable<string | Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of body) {
      const lines = (rest + Buffer.from(chunk).toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines.filter((line) => line.trim() !== ""));
      this.#wake?.();
    }
    this.#lines.push(undefined);
    this.#wake?.();
  }
}

function sorted(value: unknown): string {
  const walk = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(walk);
    if (!isMap(item)) return item;
    const names = Object.keys(item).sort();
    return Object.fromEntries(names.map((name) => [name, walk(item[name])]));
  };
  return JSON.stringify(walk(value));
}

/** The first place where an answer differs, with both values; undefined when there is none. */
function differenceOf(want: unknown, got: unknown, where: string): string | undefined {
  if (isMap(want) && isMap(got)) {
    for (const name of new Set([...Object.keys(want), ...Object.keys(got)])) {
      if (!(name in got)) return `${where}.${name}: missing, recorded ${brief(want[name])}`;
      if (!(name in want)) return `${where}.${name}: answered ${brief(got[name])}, not recorded`;
      const inner = differenceOf(want[name], got[name], `${where}.${name}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (Array.isArray(want) && Array.isArray(got)) {
    for (const [index, item] of want.entries()) {
      if (index >= got.length) return `${where}[${index}]: missing, recorded ${brief(item)}`;
      const inner = differenceOf(item, got[index], `${where}[${index}]`);
      if (inner !== undefined) return inner;
    }
    return got.length > want.length
      ? `${where}[${want.length}]: answered ${brief(got[want.length])}, not recorded`
      : undefined;
  }
  return want === got ? undefined : `${where}: recorded ${brief(want)}, answered ${brief(got)}`;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
