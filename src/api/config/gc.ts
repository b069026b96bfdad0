import { parseDuration } from "../../base/duration.ts";
import { messageOf } from "../../base/errors.ts";
import { parseUnsigned } from "../../base/numerals.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";

/** config-gc (spec C-135…C-138). Infinity: never by this rule. */
export interface GcConfig {
  readonly retainSinceCreateTimeMs: number;
  readonly retainSinceLastActiveTimeMs: number;
  readonly minNonActiveRevisions: number;
  readonly maxNonActiveRevisions: number;
}

const HOUR_MS = 3_600_000;
const INT64_MAX = 2n ** 63n - 1n;

export function parseGcConfig(data: ConfigData): GcConfig {
  const reader = new ConfigReader(data);
  let minNonActiveRevisions: number;
  try {
    minNonActiveRevisions = reader.int64("min-non-active-revisions", 20);
  } catch (thrown) {
    throw new ConfigError(`failed to parse data: ${messageOf(thrown)}`, { cause: thrown });
  }
  const config: GcConfig = {
    retainSinceCreateTimeMs: limit(reader, "retain-since-create-time", {
      fallback: 48 * HOUR_MS,
      parse: durationOf,
    }),
    retainSinceLastActiveTimeMs: limit(reader, "retain-since-last-active-time", {
      fallback: 15 * HOUR_MS,
      parse: durationOf,
    }),
    minNonActiveRevisions,
    maxNonActiveRevisions: limit(reader, "max-non-active-revisions", { fallback: 1000, parse: countOf }),
  };
  if (minNonActiveRevisions < 0) {
    throw new ConfigError(`min-non-active-revisions must be non-negative, was: ${minNonActiveRevisions}`);
  }
  if (minNonActiveRevisions > config.maxNonActiveRevisions) {
    throw new ConfigError(
      `min-non-active-revisions(${minNonActiveRevisions}) must be <= ` +
        `max-non-active-revisions(${config.maxNonActiveRevisions})`,
    );
  }
  return config;
}

interface Limit {
  readonly fallback: number;
  readonly parse: (text: string) => number;
}

function limit(reader: ConfigReader, key: string, { fallback, parse }: Limit): number {
  const text = reader.text(key, "");
  if (text === "") return fallback;
  if (text.toLowerCase() === "disabled") return Number.POSITIVE_INFINITY;
  try {
    return parse(text);
  } catch (thrown) {
    throw new ConfigError(`failed to parse ${key}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

function durationOf(text: string): number {
  const ns = parseDuration(text);
  if (ns < 0n) throw new ConfigError("must be non-negative");
  return Number(ns) / 1e6;
}

function countOf(text: string): number {
  const count = parseUnsigned(text, 64);
  if (BigInt(text) > INT64_MAX) throw new ConfigError(`value should be lower than ${INT64_MAX}`);
  return count;
}
