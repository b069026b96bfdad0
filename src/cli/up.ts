import { parseArgs } from "node:util";
import { messageOf } from "../base/errors.ts";
import { flagError, homeOption, portOption, type Terminal, UsageError } from "./command.ts";

export interface UpOptions {
  readonly home: string;
  readonly httpPort: number;
  /** Tried in this order. */
  readonly httpsPorts: readonly number[];
  readonly apiPort: number;
}

/** What `up` needs of a running engine. */
export interface RunningEngine {
  readonly gateway: string;
  /** The same over https. */
  readonly gatewayTls: string;
  /** PEM file of the authority that signs hosts' certificates. */
  readonly authority: string;
  readonly api: string;
  readonly kubeconfig: string;
  readonly readyMs: number;
  /** Drains and stops the pods. */
  stop(): Promise<void>;
  /** Kills the pods' programs at once. */
  killPods(): Promise<void>;
  /** A new data-plane process takes over without losing a request. */
  replaceDataPlane(): Promise<{ fromPid: number | undefined; toPid: number | undefined; ms: number }>;
  /** Resolves when the engine ended by itself, with the reason. */
  readonly failed: Promise<Error>;
}

export interface UpPorts {
  startEngine(options: UpOptions): Promise<RunningEngine>;
  /** Calls `listener` for each request to stop: SIGINT, SIGTERM, or the death of a parent npm. */
  onStopRequest(listener: () => void): void;
  /** Calls `listener` for each request to replace the data plane: SIGUSR2. */
  onReplaceRequest(listener: () => void): void;
  exitNow(code: number): void;
}

/** `ebb up`: resolves when the engine has stopped. */
export async function up(args: readonly string[], terminal: Terminal, ports: UpPorts): Promise<number> {
  const { options, json } = parseUp(args, terminal);
  let engine: RunningEngine | undefined;
  let requests = 0;
  const stopped = new Promise<void>((resolve, reject) => {
    ports.onStopRequest(() => {
      requests += 1;
      if (!engine) return ports.exitNow(requests > 1 ? 1 : 0);
      if (requests > 2) return ports.exitNow(1);
      if (requests > 1) return void engine.killPods().finally(() => ports.exitNow(1));
      terminal.err("stopping: finishing requests and ending pods (signal again to stop at once)\n");
      engine.stop().then(resolve, reject);
    });
  });
  ports.onReplaceRequest(() => {
    if (engine) void replaceDataPlane(engine, terminal);
  });
  engine = await ports.startEngine(options);
  if (json) terminal.out(readyLine(engine));
  else terminal.out(readyText(engine));
  const failure = await Promise.race([stopped, engine.failed]);
  if (!failure) return 0;
  terminal.err(`ebb: ${failure.message}; ending the pods\n`);
  await engine.stop();
  return 1;
}

async function replaceDataPlane(engine: RunningEngine, terminal: Terminal): Promise<void> {
  try {
    const { fromPid, toPid, ms } = await engine.replaceDataPlane();
    terminal.err(`replaced the data plane: process ${fromPid} by ${toPid} in ${Math.round(ms)} ms\n`);
  } catch (thrown) {
    terminal.err(`ebb: the data plane was not replaced: ${messageOf(thrown)}\n`);
  }
}

function parseUp(args: readonly string[], terminal: Terminal): { options: UpOptions; json: boolean } {
  const { values, positionals } = parseFlags(args);
  if (positionals.length > 0) throw new UsageError(`ebb up takes no argument, but got "${positionals[0]}"`);
  if (values.output !== undefined && values.output !== "json") {
    throw new UsageError(`-o takes json, not "${values.output}"`);
  }
  const options = {
    home: homeOption(values.home, terminal),
    httpPort: portOption("--http-port", values["http-port"], 8080),
    httpsPorts: httpsPorts(values["https-port"]),
    apiPort: portOption("--api-port", values["api-port"], 6443),
  };
  return { options, json: values.output === "json" };
}

/** Who has not asked for a port does not lose the engine over it. */
function httpsPorts(text: string | undefined): readonly number[] {
  return text === undefined ? [8443, 0] : [portOption("--https-port", text, 8443)];
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        home: { type: "string" },
        "http-port": { type: "string" },
        "https-port": { type: "string" },
        "api-port": { type: "string" },
        output: { type: "string", short: "o" },
      },
    });
  } catch (thrown) {
    throw flagError("ebb up", thrown as Error);
  }
}

function readyLine(engine: RunningEngine): string {
  const { gateway, gatewayTls, authority, api, kubeconfig, readyMs } = engine;
  const ms = Math.round(readyMs);
  return `${JSON.stringify({ event: "ready", gateway, api, kubeconfig, ms, gatewayTls, authority })}\n`;
}

function readyText(engine: RunningEngine): string {
  return [
    `ebb is ready after ${Math.round(engine.readyMs)} ms`,
    `  gateway     ${engine.gateway}`,
    `              ${engine.gatewayTls} for hosts with a certificate (curl --cacert ${engine.authority})`,
    `  api         ${engine.api}`,
    `  kubeconfig  ${engine.kubeconfig}`,
    "",
    `  kubectl --kubeconfig ${engine.kubeconfig} get ksvc`,
    "",
  ].join("\n");
}
