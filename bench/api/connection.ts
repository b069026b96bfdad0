import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { parse } from "yaml";
import type { Ready } from "../engine.ts";

/** A client with connections that stay open, as client-go's do. */
export class Connection {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  constructor({ kubeconfig }: Ready, sockets: number) {
    const config = parse(readFileSync(kubeconfig, "utf8"));
    const { cluster } = config.clusters[0];
    this.#url = new URL(cluster.server);
    const ca = Buffer.from(cluster["certificate-authority-data"], "base64");
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets, ca });
    this.#headers = {
      authorization: `Bearer ${config.users[0].user.token}`,
      "content-type": "application/json",
      "user-agent": "bench/1",
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The answer's length in bytes; rejects unless it is 2xx. */
  send(method: string, path: string, how: { body?: string; accept?: string } = {}): Promise<number> {
    return this.#call({ method, path, ...how }, () => {});
  }

  /** Calls `onLine` for each line of a watch until `signal` aborts; resolves when the answer has begun. */
  watch(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    return new Promise((begun, fail) => {
      let rest = "";
      const onData = (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) onLine(line);
      };
      const ended = this.#call({ method: "GET", path, signal, onBegin: begun }, onData);
      ended.catch((thrown) => (signal.aborted ? undefined : fail(thrown)));
    });
  }

  #call(call: Call, onData: (text: string) => void): Promise<number> {
    const { method, path, body, signal, onBegin, accept = "application/json" } = call;
    return new Promise((done, fail) => {
      const { hostname, port } = this.#url;
      const headers = { ...this.#headers, accept };
      const options = { hostname, port, path, method, agent: this.#agent, headers };
      const outgoing = request({ ...options, ...(signal ? { signal } : {}) }, (incoming) => {
        const ok = (incoming.statusCode ?? 0) < 300;
        let size = 0;
        let failure = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (text: string) => {
          size += text.length;
          if (ok) onData(text);
          else failure += text;
        });
        incoming.on("error", fail);
        incoming.on("end", () =>
          ok
            ? done(size)
            : fail(new Error(`${method} ${path}: ${incoming.statusCode} ${failure.slice(0, 300)}`)),
        );
        if (ok) onBegin?.();
      });
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  }
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly onBegin?: () => void;
}

/** Runs `task` for 0 … count − 1, `workers` at a time. */
export async function inParallel(
  count: number,
  workers: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
