import {
  fieldOf,
  fieldsOf,
  type GoFields,
  integerOf,
  itemsOf,
  listOf,
  parseGoJson,
  textOf,
  textsOf,
} from "../../base/go-json.ts";

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

/**
 * "" = no probe configured, always ready (spec Q-024). `isList`: those of several containers (spec Q-004). Throws when
 * the text is none that Go would decode, down to fields that nobody here reads.
 */
export function parseProbes(text: string, isList: boolean): readonly Probe[] {
  if (text === "") return [];
  const parsed = parseGoJson(text);
  if (!isList) return [probeOf(parsed)];
  return itemsOf(parsed, "the list of probes").map(probeOf);
}

const NEVER: Probe = { action: { type: "none" }, periodSeconds: 0, timeoutSeconds: 0, successThreshold: 1 };

function probeOf(value: unknown): Probe {
  if (value === null) return NEVER;
  const probe = fieldsOf(value, "a probe");
  for (const unused of ["initialDelaySeconds", "failureThreshold"]) integerOf(probe, unused);
  integerOf(probe, "terminationGracePeriodSeconds", 2n ** 63n);
  return {
    action: actionOf(probe),
    periodSeconds: integerOf(probe, "periodSeconds"),
    timeoutSeconds: integerOf(probe, "timeoutSeconds"),
    successThreshold: integerOf(probe, "successThreshold"),
  };
}

/** httpGet wins when there are several; all of them must be readable. */
function actionOf(probe: GoFields): ProbeAction {
  const [httpGet, tcpSocket, grpc] = [httpGetOf(probe), tcpSocketOf(probe), grpcOf(probe)];
  textsOf(fieldsOf(fieldOf(probe, "exec"), "exec"), "command");
  return httpGet ?? tcpSocket ?? grpc ?? { type: "none" };
}

function httpGetOf(probe: GoFields): ProbeAction | undefined {
  const value = fieldOf(probe, "httpGet");
  if (value === undefined) return undefined;
  const get = fieldsOf(value, "httpGet");
  return {
    type: "httpGet",
    scheme: textOf(get, "scheme"),
    host: textOf(get, "host"),
    port: portOf(get),
    path: textOf(get, "path"),
    headers: listOf(get, "httpHeaders").map((item) => {
      const header = fieldsOf(item, "a header");
      return { name: textOf(header, "name"), value: textOf(header, "value") };
    }),
  };
}

function tcpSocketOf(probe: GoFields): ProbeAction | undefined {
  const value = fieldOf(probe, "tcpSocket");
  if (value === undefined) return undefined;
  const socket = fieldsOf(value, "tcpSocket");
  return { type: "tcpSocket", host: textOf(socket, "host") || "127.0.0.1", port: portOf(socket) };
}

function grpcOf(probe: GoFields): ProbeAction | undefined {
  const value = fieldOf(probe, "grpc");
  if (value === undefined) return undefined;
  const grpc = fieldsOf(value, "grpc");
  return { type: "grpc", port: integerOf(grpc, "port"), service: textOf(grpc, "service") };
}

/** A port name was made a number before it came here (spec Q-035); one that is left is never reached: port 0. */
function portOf(from: GoFields): number {
  const value = fieldOf(from, "port");
  if (typeof value !== "string") return integerOf(from, "port");
  return /^\+?[0-9]+$/.test(value) ? Number(value) : 0;
}
