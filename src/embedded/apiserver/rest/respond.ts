import { ApiError, failure, type Status } from "../../../api/status.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { StorageError } from "../storage/storage.ts";
import { type Form, formOf, prefersProtobuf, prefersYaml } from "./accept.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { yamlOf } from "./yaml-text.ts";

/** Answers in JSON or YAML, with the warnings that came up on the way. */

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";
const JSON_TYPE = "application/json";

export async function respondText(
  exchange: Exchange,
  answer: { readonly status: number; readonly text: string; readonly form?: Form; readonly type?: string },
): Promise<ApiResponse> {
  if (answer.form?.format === "protobuf") {
    const binary = await respondProtobuf(exchange, answer);
    if (binary) return binary;
  }
  const yaml = answer.form?.format === "yaml";
  // What is an object of the API ends its line, as Go's encoder has it; raw documents do not.
  const end = answer.form === undefined || answer.text.endsWith("\n") ? "" : "\n";
  return {
    status: answer.status,
    headers: {
      "content-type": yaml ? "application/yaml" : (answer.type ?? JSON_TYPE),
      ...warningHeaders(exchange.warnings),
    },
    body: yaml ? await yamlOf(answer.text) : answer.text + end,
  };
}

/** undefined for what has no protobuf form. The encoder is loaded by the first client that wants it. */
async function respondProtobuf(
  exchange: Exchange,
  { status, text }: { readonly status: number; readonly text: string },
): Promise<ApiResponse | undefined> {
  const { encodeProtobuf } = await import("./protobuf-encode.ts");
  const bytes = encodeProtobuf(JSON.parse(text) as Record<string, unknown>);
  return bytes === undefined ? undefined : respondBytes(exchange, { status, bytes });
}

export function respondBytes(
  exchange: Exchange,
  { status, bytes }: { readonly status: number; readonly bytes: Uint8Array },
): ApiResponse {
  const headers = { "content-type": PROTOBUF_TYPE, ...warningHeaders(exchange.warnings) };
  return { status, headers, body: onceOf(bytes) };
}

async function* onceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export function respondJson(exchange: Exchange, status: number, body: unknown): Promise<ApiResponse> {
  return respondText(exchange, { status, text: JSON.stringify(body) });
}

/** An answer of a built-in kind in the form that the client takes. */
export function respondBuiltIn(exchange: Exchange, status: number, body: unknown): Promise<ApiResponse> {
  const form = formOf(exchange.request.headers.accept, false, { protobuf: true });
  return respondText(exchange, { status, text: JSON.stringify(body), form });
}

export function respondPlain(status: number, text: string): ApiResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: text };
}

export const pageNotFound = (): ApiResponse => respondPlain(404, "404 page not found\n");

export function warningHeaders(warnings: readonly string[]): Record<string, readonly string[]> {
  if (warnings.length === 0) return {};
  const quote = (text: string) =>
    `299 - "${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")}"`;
  return { warning: [...new Set(warnings)].map(quote) };
}

/** One line for each request that somebody was not allowed to make. */
export function tellRefusal(log: Log, exchange: Exchange, thrown: unknown): void {
  if (!(thrown instanceof ApiError)) return;
  const { code, message } = thrown.status;
  if (code !== 401 && code !== 403) return;
  const { caller, path, request } = exchange;
  log.warn("refused an API request", { user: caller.name, method: request.method, path, code, why: message });
}

/** Every failure becomes a Status; one that is no ApiError is a bug or a broken disk, and is logged. */
export async function respondToFailure(exchange: Exchange, thrown: unknown, log: Log): Promise<ApiResponse> {
  const status = statusOf(exchange, thrown, log);
  const retry = status.details?.retryAfterSeconds;
  const { accept } = exchange.request.headers;
  const text = JSON.stringify(status);
  const answer = { status: status.code ?? 500, text };
  const binary = prefersProtobuf(accept) ? await respondProtobuf(exchange, answer) : undefined;
  if (binary) return binary;
  const yaml = prefersYaml(accept);
  return {
    status: status.code ?? 500,
    headers: {
      "content-type": yaml ? "application/yaml" : JSON_TYPE,
      ...(retry === undefined ? {} : { "retry-after": String(retry) }),
      ...warningHeaders(exchange.warnings),
    },
    body: yaml ? await yamlOf(text) : `${text}\n`,
  };
}

function statusOf(exchange: Exchange, thrown: unknown, log: Log): Status {
  if (thrown instanceof ApiError) return thrown.status;
  const where = { method: exchange.request.method, path: exchange.path };
  if (thrown instanceof StorageError) {
    log.error("the storage failed a request", { ...where, why: thrown.message });
    return failure(500, "InternalError", thrown.message).status;
  }
  log.error("a request ended in an unexpected error", {
    ...where,
    why: messageOf(thrown),
    stack: thrown instanceof Error ? thrown.stack : undefined,
  });
  return failure(500, "InternalError", `Internal error occurred: ${messageOf(thrown)}`).status;
}
