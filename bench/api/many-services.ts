import { fileURLToPath } from "node:url";
import { addImage, type Engine, SERVICES, setConfig } from "../engine.ts";
import { Connection, inParallel } from "./connection.ts";

const PATIENCE_MS = 5 * 60_000;
const IMAGE = "ebb-bench/hello";

/** Services at zero from the start, applied many at a time; and when each of them was applied and became Ready. */
export class ManyServices {
  readonly appliedAt = new Map<string, number>();
  readonly readyAt = new Map<string, number>();
  readonly #connection: Connection;
  readonly #ended = new AbortController();
  #applied = 0;
  #wake: () => void = () => {};

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async on(engine: Engine): Promise<ManyServices> {
    const path = fileURLToPath(new URL("../apps/hello.mjs", import.meta.url));
    addImage(engine.home, { name: IMAGE, path, folder: engine.folder });
    await setConfig(engine, "config-autoscaler", { "allow-zero-initial-scale": "true" });
    const many = new ManyServices(new Connection(engine, 17));
    await many.#connection.watch(`${SERVICES}?watch=true`, (line) => many.#note(line), many.#ended.signal);
    return many;
  }

  close(): void {
    this.#ended.abort();
    this.#connection.close();
  }

  /** Applies `count` more by 16 writers, and resolves when all are Ready. */
  async apply(count: number): Promise<void> {
    const first = this.#applied;
    this.#applied += count;
    await inParallel(count, 16, async (index) => {
      const name = `s${first + index}`;
      this.appliedAt.set(name, performance.now());
      await this.#connection.send("POST", SERVICES, { body: serviceText(name) });
    });
    await this.#allReady();
  }

  #allReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const sentence = `only ${this.readyAt.size} of ${this.#applied} Services are Ready`;
        reject(new Error(`${sentence} after ${PATIENCE_MS / 1000} s`));
      }, PATIENCE_MS);
      this.#wake = () => {
        if (this.readyAt.size < this.#applied) return;
        clearTimeout(late);
        resolve();
      };
      this.#wake();
    });
  }

  #note(line: string): void {
    const { object } = JSON.parse(line);
    const name: string | undefined = object?.metadata?.name;
    if (name === undefined || this.readyAt.has(name)) return;
    const conditions: { type: string; status: string }[] = object.status?.conditions ?? [];
    if (!conditions.some(({ type, status }) => type === "Ready" && status === "True")) return;
    this.readyAt.set(name, performance.now());
    this.#wake();
  }
}

function serviceText(name: string): string {
  const annotations = { "autoscaling.knative.dev/initial-scale": "0" };
  return JSON.stringify({
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name },
    spec: { template: { metadata: { annotations }, spec: { containers: [{ image: IMAGE }] } } },
  });
}
