import { EbbError } from "../base/errors.ts";
import type { Address } from "../http/conn.ts";

const PORT_MIN = 1024;
const PORT_MAX = 65_535;

/**
 * Where Prometheus finds a program's metrics: METRICS_PROMETHEUS_HOST and _PORT, else the endpoint of the settings
 * (`host:port`), else the program's own choice (spec M-021, C-125). Throws EbbError `metrics-address`.
 */
export function metricsAddress(
  endpoint: string,
  env: Readonly<Record<string, string | undefined>>,
  otherwise: Address,
): Address {
  const wanted = endpoint === "" ? { host: "", port: "" } : hostAndPort(endpoint);
  const host = env.METRICS_PROMETHEUS_HOST || wanted.host;
  const port = env.METRICS_PROMETHEUS_PORT || wanted.port || String(otherwise.port);
  return { ip: host === "" ? otherwise.ip : ipOf(host), port: portOf(port) };
}

function hostAndPort(endpoint: string): { host: string; port: string } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(endpoint) ?? [];
  if (port !== undefined) return { host: bracketed ?? plain ?? "", port };
  throw refusal(`the endpoint ${JSON.stringify(endpoint)} for Prometheus is not of the form host:port`);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= PORT_MIN && port <= PORT_MAX) return port;
  throw refusal(
    `the port ${JSON.stringify(text)} for Prometheus is not a number from ${PORT_MIN} to ${PORT_MAX}`,
  );
}

/** A name would be looked up by the system, which may need a network that is not there. */
function ipOf(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function refusal(message: string): EbbError {
  return new EbbError("metrics-address", message);
}
