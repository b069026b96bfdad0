import { messageOf } from "../base/errors.ts";
import type { Log, LogFields } from "../base/log.ts";
import { filteredLog, LogLevels } from "./log-levels.ts";

/** The log as JSON lines. Written by ourselves: a library for it costs each process 5 ms of its start (ADR 0006). */

type Level = "debug" | "info" | "warn" | "error";
type LineOf = (level: Level, fields: LogFields, message: string) => LogFields;

/** The numbers that readers of such lines (pino-pretty and others) know. */
const LEVEL_NUMBERS = { debug: 20, info: 30, warn: 40, error: 50 } as const;

/** The logs of one process of the engine, each with its program's name. */
export class EngineLogs {
  readonly levels: LogLevels;

  /** `level`: from which on lines are written, until a setting says otherwise. */
  constructor(level: string) {
    this.levels = new LogLevels(level);
  }

  of(program: string, write = toStderr): Log {
    const line: LineOf = (level, fields, msg) => {
      return { level: LEVEL_NUMBERS[level], time: Date.now(), program, ...fields, msg };
    };
    return filteredLog(jsonLog(line, write), this.levels);
  }
}

/** Lines as Knative's components write them by default, for whoever reads those (spec Q-068). */
export function zapLog(logger: string, level: string, write = toStderr): Log {
  const line: LineOf = (severity, fields, message) => {
    const timestamp = new Date().toISOString();
    return { severity: severity.toUpperCase(), timestamp, logger, ...fields, message };
  };
  return filteredLog(jsonLog(line, write), new LogLevels(level));
}

function jsonLog(line: LineOf, write: (text: string) => void, all: LogFields = {}): Log {
  const writer = (level: Level) => (message: string, fields?: LogFields) =>
    write(`${textOf(line(level, { ...all, ...fields }, message))}\n`);
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
    with: (fields) => jsonLog(line, write, { ...all, ...fields }),
  };
}

/** A log never throws: fields that JSON cannot say are left out, and why stands in their place. */
function textOf(line: LogFields): string {
  try {
    return JSON.stringify(line);
  } catch (thrown) {
    const plain = Object.entries(line).filter(
      ([, value]) => typeof value !== "object" && typeof value !== "bigint",
    );
    return JSON.stringify({ ...Object.fromEntries(plain), unwritable: messageOf(thrown) });
  }
}

let isWatched = false;

/** stdout belongs to what commands and applications print. */
function toStderr(text: string): void {
  if (!isWatched) {
    isWatched = true;
    // Nobody reads the log any more, and there is no other place to say so.
    process.stderr.on("error", () => {});
  }
  process.stderr.write(text);
}
