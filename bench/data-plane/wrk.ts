import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contender } from "./contender.ts";

export interface WrkReport {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

export interface WrkLoad {
  readonly connections: number;
  readonly seconds: number;
  readonly path?: string;
}

const SCRIPT = join(import.meta.dirname, "wrk-report.lua");

/** One closed-loop load from one thread. Rejects when a request failed: figures of failures are worth nothing. */
export async function wrk(contender: Contender, { connections, seconds, path }: WrkLoad): Promise<WrkReport> {
  const header = contender.host ? ["-H", `Host: ${contender.host}`] : [];
  const url = `http://127.0.0.1:${contender.port}${path ?? "/"}`;
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "30s", ...header, "-s", SCRIPT, url];
  const [command = "wrk", ...rest] = [...contender.inside, "wrk", ...args];
  const { stdout } = await promisify(execFile)(command, rest);
  const line = /^REPORT (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk reported nothing:\n${stdout}`);
  const report = JSON.parse(line) as WrkReport;
  if (report.failed > 0) throw new Error(`${report.failed} requests to ${contender.name} failed:\n${stdout}`);
  return report;
}
