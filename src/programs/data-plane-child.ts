import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { EbbError } from "../base/errors.ts";
import {
  BOUND,
  type Bound,
  DRAIN,
  DRAINED,
  RETIRE,
  SERVING,
  START,
  type Start,
} from "./data-plane-messages.ts";
import { type DataPlaneTelemetry, telemetryOver } from "./data-plane-telemetry.ts";
import { type HandleLink, processLink } from "./process-link.ts";
import type { DataPlaneAddresses } from "./published-endpoints.ts";

/** A request leaves little behind. V8's own 16 MiB took 22 MiB more under load, and no less CPU. */
const YOUNG_HEAP = ["--max-semi-space-size=4"];
/** Of `node:ffi`, which MemoryReturn uses where there is one. */
const NO_WARNINGS = process.allowedNodeEnvironmentFlags.has("--disable-warning")
  ? ["--disable-warning=ExperimentalWarning"]
  : [];

/** A build has it beside the file that this ended up in. */
const PROGRAM = import.meta.filename.endsWith(".cjs")
  ? join(import.meta.dirname, "data-plane-process.cjs")
  : new URL("./data-plane-process.ts", import.meta.url);

/** The control plane's hold on the data-plane process. */
export class DataPlaneChild {
  readonly link: HandleLink;
  readonly telemetry: DataPlaneTelemetry;
  /** Resolves with the reason when the process ended without having been asked. */
  readonly failed: Promise<Error>;
  /** Resolves when it serves. */
  readonly serving: Promise<void>;
  readonly #child: ChildProcess;
  #isStopping = false;

  /** Starts the process at once: it loads its code while the control plane loads its own. */
  constructor(clock: Clock) {
    this.#child = fork(PROGRAM, {
      execArgv: [...YOUNG_HEAP, ...NO_WARNINGS],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.link = processLink(this.#child);
    this.telemetry = telemetryOver(this.link, clock);
    this.serving = new Promise((resolve) => this.link.listen(SERVING, () => resolve()));
    this.failed = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
        if (!this.#isStopping) resolve(new EbbError("data-plane-gone", `the data-plane process ${how}`));
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects with one sentence when a port cannot be had. A successor has none before it has taken over. */
  async bind(start: Start): Promise<DataPlaneAddresses> {
    const bound = new Promise<Bound>((resolve) =>
      this.link.listen(BOUND, (message) => resolve(message as Bound)),
    );
    this.link.send(START, start);
    const answer = await Promise.race([bound, this.failed]);
    if (answer instanceof Error) throw answer;
    if ("addresses" in answer) return answer.addresses;
    throw new EbbError(answer.failure.code, answer.failure.message);
  }

  /** Answers what is in flight, for `timeoutMs` at most. */
  drain(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.link.listen(DRAINED, done);
      this.link.onClosed(done);
      this.link.send(DRAIN, null);
    });
  }

  /** Its end is no failure any more. */
  retire(): void {
    this.#isStopping = true;
    this.link.send(RETIRE, null);
  }

  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      if (this.#child.connected) this.#child.disconnect();
      else this.#child.kill("SIGKILL");
    });
  }
}
