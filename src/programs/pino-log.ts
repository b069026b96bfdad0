import { type Logger, type LoggerOptions, pino } from "pino";
import type { Log } from "../base/log.ts";
import { filteredLog, LogLevels } from "./log-levels.ts";

/** The logs of one process of the engine, each with its program's name: JSON lines on stderr. */
export class EngineLogs {
  readonly levels: LogLevels;

  /** `level`: from which on lines are written, until a setting says otherwise. */
  constructor(level: string) {
    this.levels = new LogLevels(level);
  }

  of(program: string): Log {
    return filteredLog(toStderr({ base: { program } }), this.levels);
  }
}

/** Lines as Knative's components write them by default, for whoever reads those (spec Q-068). */
export function zapLog(logger: string, level: string): Log {
  const log = toStderr({
    base: { logger },
    messageKey: "message",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ severity: label.toUpperCase() }) },
  });
  return filteredLog(log, new LogLevels(level));
}

/** stdout belongs to what commands and applications print. */
function toStderr(options: LoggerOptions): Log {
  return wrap(pino({ ...options, level: "debug" }, pino.destination({ dest: 2, sync: true })));
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    with: (fields) => wrap(logger.child(fields)),
  };
}
