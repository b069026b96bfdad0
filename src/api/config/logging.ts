import { type ConfigData, ConfigError } from "./reader.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "dpanic" | "panic" | "fatal";

/** config-logging (spec C-143, C-144). The zap configuration is kept as text; ebb reads its level alone. */
export interface LoggingConfig {
  readonly zapLoggerConfig: string;
  /** The level that the zap configuration names; undefined = none. */
  readonly baseLevel: LogLevel | undefined;
  /** By component. */
  readonly levels: ReadonlyMap<string, LogLevel>;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"];

export function parseLoggingConfig(data: ConfigData): LoggingConfig {
  const levels = new Map<string, LogLevel>();
  for (const [key, text] of Object.entries(data)) {
    const component = /^loglevel\.(.+)$/s.exec(key)?.[1];
    if (component === undefined || text === "") continue;
    const level = levelOf(text);
    if (level === undefined) throw new ConfigError(`invalid logging level: ${text}`);
    levels.set(component, level);
  }
  const zapLoggerConfig = data["zap-logger-config"] ?? "";
  return { zapLoggerConfig, baseLevel: zapLevel(zapLoggerConfig), levels };
}

function levelOf(text: string): LogLevel | undefined {
  return LEVELS.find((one) => one === text.toLowerCase());
}

/** A configuration that cannot be read says nothing, as in Knative. */
function zapLevel(json: string): LogLevel | undefined {
  if (json === "") return undefined;
  try {
    const { level } = JSON.parse(json);
    return typeof level === "string" ? levelOf(level) : undefined;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError || thrown instanceof TypeError)) throw thrown;
    return undefined;
  }
}
