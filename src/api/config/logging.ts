import { type ConfigData, ConfigError } from "./reader.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "dpanic" | "panic" | "fatal";

/** config-logging (spec C-143, C-144). The zap configuration is kept as text; ebb reads its level alone. */
export interface LoggingConfig {
  readonly zapLoggerConfig: string;
  readonly levels: ReadonlyMap<string, LogLevel>;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"];

export function parseLoggingConfig(data: ConfigData): LoggingConfig {
  const levels = new Map<string, LogLevel>();
  for (const [key, text] of Object.entries(data)) {
    const component = /^loglevel\.(.+)$/s.exec(key)?.[1];
    if (component === undefined || text === "") continue;
    const level = LEVELS.find((one) => one === text.toLowerCase());
    if (level === undefined) throw new ConfigError(`invalid logging level: ${text}`);
    levels.set(component, level);
  }
  return { zapLoggerConfig: data["zap-logger-config"] ?? "", levels };
}
