import { type Logger, pino } from "pino";
import type { Log } from "../base/log.ts";

/** JSON lines on stderr (stdout belongs to what commands print). */
export function pinoLog(name: string, level: string): Log {
  return wrap(pino({ name, level, base: { program: name } }, pino.destination({ dest: 2, sync: true })));
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
