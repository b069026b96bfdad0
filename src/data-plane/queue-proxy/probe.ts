/** The user's readiness probe as the revision controller hands it over: JSON in the environment (spec ). */

export type ProbeAction =
  | {
      readonly type: "httpGet";
      readonly scheme: string;
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly type: "tcpSocket"; readonly host: string; readonly port: number }
  | { readonly type: "grpc"; readonly port: number; readonly service: string }
  /** An exec probe, no action at all, or JSON null: never ready (spec Q-034, errata H-002). */
  | { readonly type: "none" };

export interface Probe {
  readonly action: ProbeAction;
  /** 0 = aggressive mode (spec Q-028). */
  readonly periodSeconds: number;
  /** 0 = no limit in standard mode (errata Q-029). */
  readonly timeoutSeconds: number;
  readonly successThreshold: number;
}

/** "" = no probe configured, always ready (spec Q-024). Throws when the text is no probe. */
export function parseProbes(text: string): readonly Probe[] {
  if (text === "") return [];
  const parsed: unknown = JSON.parse(text);
  if (Array.isArray(parsed)) return parsed.map(probeOf);
  return [probeOf(parsed)];
}

function probeOf(value: unknown): Probe {
  if (value === null)
    return { action: { type: "none" }, periodSeconds: 0, timeoutSeconds: 0, successThreshold: 1 };
  const probe = record(value, "a probe");
  return {
    action: actionOf(probe),
    periodSeconds: integerOf(probe, "periodSeconds"),
    timeoutSeconds: integerOf(probe, "timeoutSeconds"),
    successThreshold: integerOf(probe, "successThreshold"),
  };
}

/** httpGet wins when there are several. */
function actionOf(probe: Record<string, unknown>): ProbeAction {
  if (probe.httpGet) {
    const get = record(probe.httpGet, "httpGet");
    return {
      type: "httpGet",
      scheme: textOf(get, "scheme"),
      host: textOf(get, "host"),
      port: portOf(get.port),
      path: textOf(get, "path"),
      headers: headersOf(get.httpHeaders),
    };
  }
  if (probe.tcpSocket) {
    const socket = record(probe.tcpSocket, "tcpSocket");
    return { type: "tcpSocket", host: textOf(socket, "host") || "127.0.0.1", port: portOf(socket.port) };
  }
  if (probe.grpc) {
    const grpc = record(probe.grpc, "grpc");
    return { type: "grpc", port: portOf(grpc.port), service: textOf(grpc, "service") };
  }
  return { type: "none" };
}

function headersOf(value: unknown): { name: string; value: string }[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Error("httpHeaders is not a list");
  return value.map((item) => {
    const header = record(item, "a header");
    return { name: textOf(header, "name"), value: textOf(header, "value") };
  });
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${what} is not an object`);
  }
  return value as Record<string, unknown>;
}

function textOf(from: Record<string, unknown>, field: string): string {
  const value = from[field] ?? "";
  if (typeof value !== "string") throw new Error(`${field} is not a string`);
  return value;
}

function integerOf(from: Record<string, unknown>, field: string): number {
  const value = from[field] ?? 0;
  if (typeof value !== "number" || !Number.isInteger(value)) throw new Error(`${field} is not an integer`);
  return value;
}

/** A port name was made a number before it came here (spec Q-035); one that is left is never reached: port 0. */
function portOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[0-9]+$/.test(value) ? Number(value) : 0;
}
