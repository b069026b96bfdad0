import { request } from "node:https";
import type { WebhookClientConfig } from "../../../api/webhook-configuration/kind.ts";
import { messageOf } from "../../../base/errors.ts";
import { valueAt } from "../any-object.ts";
import type { Storage } from "../storage/storage.ts";

/** Asks a webhook over HTTPS; it is found by its URL or behind a Service of this cluster. */
export interface WebhookCaller {
  /** Rejects with a text such as `Post "https://…": connection refused`. */
  call(config: WebhookClientConfig, body: string, how: CallOptions): Promise<string>;
}

export interface CallOptions {
  readonly timeoutSeconds: number;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

interface Place {
  /** As messages show it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Whose certificate is wanted. */
  readonly servername: string;
}

const HTTPS_PORT = 443;
const ANSWER_MAX = 3 * 1024 * 1024;

export class HttpsWebhookCaller implements WebhookCaller {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async call(config: WebhookClientConfig, body: string, how: CallOptions): Promise<string> {
    const place = placeOf(config);
    const post = `Post "${place.url}?timeout=${how.timeoutSeconds}s"`;
    try {
      const address = config.service ? await this.#addressOf(config.service) : place;
      return await send({ ...place, ...address }, body, { ...how, ca: config.caBundle });
    } catch (thrown) {
      const why = how.signal.aborted ? "context deadline exceeded" : messageOf(thrown);
      throw new Error(`${post}: ${why}`);
    }
  }

  /** The first ready address behind a Service's port. */
  async #addressOf(service: NonNullable<WebhookClientConfig["service"]>) {
    const { namespace, name, port = HTTPS_PORT } = service;
    const stored = await this.#storage.get({ collection: "services", namespace, name });
    if (!stored) throw new Error(`service ${JSON.stringify(name)} not found`);
    const ports = valueAt(JSON.parse(stored.json), ["spec", "ports"]);
    const named = (Array.isArray(ports) ? ports : []).find((one) => one?.port === port);
    if (!named) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`);
    const endpoints = await this.#storage.get({ collection: "endpoints", namespace, name });
    const subsets = endpoints ? valueAt(JSON.parse(endpoints.json), ["subsets"]) : undefined;
    for (const subset of Array.isArray(subsets) ? subsets : []) {
      const [address] = subset.addresses ?? [];
      const own = (subset.ports ?? []).find(
        (one: { name?: string }) => (one.name ?? "") === (named.name ?? ""),
      );
      if (address && own) return { host: String(address.ip), port: Number(own.port) };
    }
    throw new Error(`no endpoints available for service ${JSON.stringify(name)}`);
  }
}

function placeOf({ url, service }: WebhookClientConfig): Place {
  if (!service) {
    const { hostname, port, pathname, search } = new URL(url ?? "");
    const host = hostname.replace(/^\[|\]$/g, "");
    const number = port === "" ? HTTPS_PORT : Number(port);
    return { url: url ?? "", host, port: number, path: pathname + search, servername: host };
  }
  const { namespace, name, path = "/", port = HTTPS_PORT } = service;
  const servername = `${name}.${namespace}.svc`;
  return { url: `https://${servername}:${port}${path}`, host: servername, port, path, servername };
}

interface SendOptions extends CallOptions {
  readonly ca: string | undefined;
}

function send(place: Place, body: string, { ca, signal, timeoutSeconds }: SendOptions): Promise<string> {
  const separator = place.path.includes("?") ? "&" : "?";
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: place.host,
        port: place.port,
        path: `${place.path}${separator}timeout=${timeoutSeconds}s`,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
        servername: place.servername,
        signal,
        ...(ca === undefined ? {} : { ca: Buffer.from(ca, "base64") }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_MAX) outgoing.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        answer.on("error", reject);
        answer.on("end", () => {
          const { statusCode = 0 } = answer;
          if (statusCode >= 200 && statusCode < 300) resolve(Buffer.concat(chunks).toString("utf8"));
          else reject(new Error(`the webhook answered with status ${statusCode}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
