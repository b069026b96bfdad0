import type { LogLevelSettings } from "../api/wire/settings.ts";
import type { Log, LogFields } from "../base/log.ts";

const RANKS: Readonly<Record<string, number>> = {
  trace: 0,
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  dpanic: 4,
  panic: 4,
  fatal: 4,
  silent: 5,
};

/** What Knative's settings call otherwise; all other controllers are `controller` there. */
const NAMES: Readonly<Record<string, string>> = {
  "queue-proxy": "queueproxy",
  "podautoscaler-controller": "autoscaler",
  "metric-controller": "autoscaler",
};

/** From which level on the lines of a component are written; it may change at any time (spec C-144). */
export class LogLevels {
  readonly #started: number;
  #settings: LogLevelSettings = { components: {} };

  /** `level`: of components that no setting names. */
  constructor(level: string) {
    this.#started = rankOf(level);
  }

  apply(settings: LogLevelSettings): void {
    this.#settings = settings;
  }

  allows(component: string, level: string): boolean {
    const { base, components } = this.#settings;
    const name = NAMES[component] ?? component;
    const wanted = components[name] ?? components[familyOf(name)] ?? base;
    return rankOf(level) >= (wanted === undefined ? this.#started : rankOf(wanted));
  }
}

function rankOf(level: string): number {
  return RANKS[level] ?? 1;
}

function familyOf(component: string): string {
  return component.endsWith("-controller") ? "controller" : component;
}

/** The lines of `log` that `levels` let through; the field `component` says whose they are. */
export function filteredLog(log: Log, levels: LogLevels, component = ""): Log {
  const write = (level: "debug" | "info" | "warn" | "error") => (message: string, fields?: LogFields) => {
    if (levels.allows(component, level)) log[level](message, fields);
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with(fields) {
      const named = typeof fields.component === "string" ? fields.component : component;
      return filteredLog(log.with(fields), levels, named);
    },
  };
}
