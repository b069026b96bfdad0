import { writeSync } from "node:fs";
import type { Logger, LoggerOptions } from "pino";
import type { Log, LogFields } from "../base/log.ts";
import { filteredLog, LogLevels } from "./log-levels.ts";

/** stdout belongs to what commands and applications print. */
const STDERR = 2;
/** What is kept while pino is being loaded; lines beyond are lost. */
const WAITING_MAX = 1_000;

/** The logs of one process of the engine, each with its program's name: JSON lines. */
export class EngineLogs {
  readonly levels: LogLevels;
  readonly #file: string | number;

  /** `level`: from which on lines are written, until a setting says otherwise. `file`: a path or a descriptor. */
  constructor(level: string, file: string | number = STDERR) {
    this.levels = new LogLevels(level);
    this.#file = file;
  }

  of(program: string): Log {
    return filteredLog(new LateLog({ base: { program } }, this.#file).log(), this.levels);
  }
}

/** Lines as Knative's components write them by default, for whoever reads those (spec Q-068). */
export function zapLog(logger: string, level: string, file: string | number = STDERR): Log {
  const options: LoggerOptions = {
    base: { logger },
    messageKey: "message",
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ severity: label.toUpperCase() }) },
  };
  return filteredLog(new LateLog(options, file).log(), new LogLevels(level));
}

interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}

/** pino, loaded when there is something to say: it takes 9 ms of a start that has 60. Lines until then wait. */
class LateLog {
  readonly #options: LoggerOptions;
  readonly #file: string | number;
  #logger: Logger | undefined;
  #waiting: Line[] | undefined;

  constructor(options: LoggerOptions, file: string | number) {
    this.#options = options;
    this.#file = file;
  }

  log(all: LogFields = {}): Log {
    const writer = (level: Line["level"]) => (message: string, fields?: LogFields) =>
      this.#write({ level, fields: { ...all, ...fields }, message });
    return {
      debug: writer("debug"),
      info: writer("info"),
      warn: writer("warn"),
      error: writer("error"),
      with: (fields) => this.log({ ...all, ...fields }),
    };
  }

  #write(line: Line): void {
    if (this.#logger) this.#logger[line.level](line.fields, line.message);
    else if (this.#waiting === undefined) {
      this.#waiting = [line];
      void this.#load();
    } else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(line);
  }

  async #load(): Promise<void> {
    process.once("exit", this.#lastWords);
    // The bundle has only the default.
    const { default: pino } = await import("pino");
    process.off("exit", this.#lastWords);
    const destination = pino.destination({ dest: this.#file, sync: true });
    this.#logger = pino({ ...this.#options, level: "debug" }, destination);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const line of waiting) this.#write(line);
  }

  /** The process ends before pino was there. */
  readonly #lastWords = (): void => {
    const lines = (this.#waiting ?? []).map(({ level, fields, message }) => ({ level, message, ...fields }));
    writeSync(STDERR, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  };
}
