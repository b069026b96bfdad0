import { messageOf } from "../../base/errors.ts";
import type { Attributes } from "../../base/metrics.ts";
import { percentDecoded } from "../../base/percent.ts";
import { inspectIdentity } from "../tls-identity.ts";
import type { OtlpOptions } from "./otlp-sender.ts";
import type { SpanBatching } from "./span-exporter.ts";

/** What the variables OTEL_* say, as OpenTelemetry's exporters for Go read them (spec, C-126). */
export interface OtelEnvironment {
  readonly traces: OtlpOptions;
  readonly metrics: OtlpOptions;
  /** Wins over the configured one. */
  readonly metricsIntervalMs?: number;
  readonly batching: SpanBatching;
  /** Absent: the configured rate. */
  readonly sampler?: Sampler;
  readonly resource: Attributes;
}

export interface Sampler {
  /** 0…1: the share of new traces that are recorded. */
  readonly samplingRate: number;
  /** What the caller decided for a trace holds. */
  readonly followsCaller: boolean;
}

export interface OtelPorts {
  /** Throws where there is no such file. */
  readonly readFile: (path: string) => string;
  /** A value that cannot be read is told, and counts as not set. */
  readonly complain: (variable: string, problem: string) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readOtelEnvironment(env: Environment, ports: OtelPorts): OtelEnvironment {
  const reader = new Reader(env, ports);
  const metricsIntervalMs = reader.positive("OTEL_METRIC_EXPORT_INTERVAL");
  const sampler = reader.sampler();
  return {
    traces: reader.exporter("TRACES"),
    metrics: reader.exporter("METRICS"),
    ...(metricsIntervalMs !== undefined && { metricsIntervalMs }),
    ...(sampler && { sampler }),
    batching: {
      delayMs: reader.positive("OTEL_BSP_SCHEDULE_DELAY"),
      waitingMax: reader.positive("OTEL_BSP_MAX_QUEUE_SIZE"),
      batchMax: reader.positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    },
    resource: Object.fromEntries(reader.pairs("OTEL_RESOURCE_ATTRIBUTES")),
  };
}

class Reader {
  readonly #env: Environment;
  readonly #ports: OtelPorts;

  constructor(env: Environment, ports: OtelPorts) {
    this.#env = env;
    this.#ports = ports;
  }

  exporter(signal: "TRACES" | "METRICS"): OtlpOptions {
    const url = this.#url(signal);
    const timeout = this.#own(signal, "TIMEOUT");
    const timeoutMs = timeout && this.positive(timeout);
    const compression = this.#own(signal, "COMPRESSION");
    const headers = this.#own(signal, "HEADERS");
    const authorities = this.#file(this.#own(signal, "CERTIFICATE"));
    const identity = this.#identity(signal);
    return {
      ...(url && { url }),
      ...(timeoutMs && { timeoutMs }),
      ...(compression && { gzip: this.#text(compression) === "gzip" }),
      ...(headers && { headers: this.pairs(headers) }),
      ...(authorities && { authorities }),
      ...(identity && { identity }),
    };
  }

  sampler(): Sampler | undefined {
    const name = this.#text("OTEL_TRACES_SAMPLER").toLowerCase();
    if (name === "" && this.#text("OTEL_TRACES_SAMPLER_ARG") === "") return undefined;
    // The rate alone leaves the rest as Knative's settings have it.
    if (name === "") return { samplingRate: this.#ratio(), followsCaller: true };
    const [, parent, kind] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? [];
    if (kind === undefined) {
      this.#ports.complain("OTEL_TRACES_SAMPLER", `unsupported sampler ${JSON.stringify(name)}`);
      return { samplingRate: 1, followsCaller: true };
    }
    const samplingRate = kind === "traceidratio" ? this.#ratio() : kind === "always_on" ? 1 : 0;
    return { samplingRate, followsCaller: parent !== undefined };
  }

  /** Absent or not one: undefined. */
  positive(variable: string): number | undefined {
    const text = this.#text(variable);
    if (text === "") return undefined;
    if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
    this.#ports.complain(variable, `${JSON.stringify(text)} is not a number above 0`);
    return undefined;
  }

  /** `name=value,…`, the values escaped as in URLs. */
  pairs(variable: string): (readonly [string, string])[] {
    const text = this.#text(variable);
    if (text === "") return [];
    return text.split(",").flatMap((pair) => {
      const at = pair.indexOf("=");
      const name = pair.slice(0, at).trim();
      const value = pair.slice(at + 1).trim();
      if (at < 0 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
        this.#ports.complain(variable, `${JSON.stringify(pair)} is not of the form name=value`);
        return [];
      }
      return [[name, percentDecoded(value)] as const];
    });
  }

  #ratio(): number {
    const text = this.#text("OTEL_TRACES_SAMPLER_ARG");
    const ratio = Number(text);
    if (text === "" || (ratio >= 0 && ratio <= 1)) return text === "" ? 1 : ratio;
    this.#ports.complain("OTEL_TRACES_SAMPLER_ARG", `${JSON.stringify(text)} is not a number from 0 to 1`);
    return 1;
  }

  /** The common one is a base to which the signal's path is added; the signal's own is taken as it is. */
  #url(signal: "TRACES" | "METRICS"): URL | undefined {
    const variable = this.#own(signal, "ENDPOINT");
    if (variable === undefined) return undefined;
    const text = this.#text(variable);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol !== "http:" && url?.protocol !== "https:") {
      this.#ports.complain(variable, `${JSON.stringify(text)} is not a URL of http or https`);
      return undefined;
    }
    if (variable === "OTEL_EXPORTER_OTLP_ENDPOINT")
      url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal.toLowerCase()}`;
    return url;
  }

  #identity(signal: string) {
    const cert = this.#file(this.#own(signal, "CLIENT_CERTIFICATE"));
    const key = this.#file(this.#own(signal, "CLIENT_KEY"));
    if (cert === undefined || key === undefined) return undefined;
    try {
      inspectIdentity({ cert, key });
      return { cert, key };
    } catch (thrown) {
      this.#ports.complain(`OTEL_EXPORTER_OTLP_${signal}_CLIENT_CERTIFICATE`, messageOf(thrown));
      return undefined;
    }
  }

  #file(variable: string | undefined): string | undefined {
    if (variable === undefined) return undefined;
    try {
      return this.#ports.readFile(this.#text(variable));
    } catch (thrown) {
      this.#ports.complain(variable, messageOf(thrown));
      return undefined;
    }
  }

  /** The variable that is set: that of the signal, else the common one. */
  #own(signal: string, name: string): string | undefined {
    const variables = [`OTEL_EXPORTER_OTLP_${signal}_${name}`, `OTEL_EXPORTER_OTLP_${name}`];
    return variables.find((variable) => this.#text(variable) !== "");
  }

  #text(variable: string): string {
    return this.#env[variable]?.trim() ?? "";
  }
}
