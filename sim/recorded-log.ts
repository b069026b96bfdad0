import type { Log, LogFields } from "../src/base/log.ts";

/** Keeps what the engine logs, with virtual time, for whoever looks into a failed run. */
export class RecordedLog implements Log {
  readonly #now: () => number;
  readonly #fields: LogFields;
  readonly lines: string[];

  constructor(now: () => number, fields: LogFields = {}, lines: string[] = []) {
    this.#now = now;
    this.#fields = fields;
    this.lines = lines;
  }

  debug(message: string, fields?: LogFields): void {
    this.#add("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#add("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#add("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#add("error", message, fields);
  }

  with(fields: LogFields): Log {
    return new RecordedLog(this.#now, { ...this.#fields, ...fields }, this.lines);
  }

  #add(level: string, message: string, fields: LogFields = {}): void {
    const all = JSON.stringify({ ...this.#fields, ...fields });
    this.lines.push(`${this.#now().toFixed(3)} ${level} ${message} ${all}`);
  }
}
