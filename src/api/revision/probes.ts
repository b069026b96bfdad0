/** Rules about probes (spec A-152…A-158). */
import {
  disallowedFields,
  FieldErrors,
  HERE,
  INT32_MAX,
  invalidValue,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
} from "../admission/field-error.ts";
import type { Probe } from "../container.ts";

/** The port that a user container's probes may name; undefined: a sidecar, whose probes must name theirs. */
export interface ProbePort {
  readonly name: string;
}

/** Shape of a liveness or startup probe; its numbers are left to Kubernetes. */
export function probeErrors(probe: Probe | undefined, port: ProbePort | undefined): FieldErrors {
  if (probe === undefined) return FieldErrors.none;
  let errors = FieldErrors.none;
  const handlers: string[] = [];
  if (probe.httpGet !== undefined) {
    handlers.push("httpGet");
    errors = errors.viaField("httpGet").also(portErrors(probe.httpGet.port, port, "httpGet.port"));
  }
  if (probe.tcpSocket !== undefined) {
    handlers.push("tcpSocket");
    errors = errors.viaField("tcpSocket").also(portErrors(probe.tcpSocket.port, port, "tcpSocket.port"));
  }
  if (probe.exec !== undefined) {
    handlers.push("exec");
    errors = errors.viaField("exec");
  }
  if (probe.grpc !== undefined) {
    handlers.push("gRPC");
    errors = errors.viaField("grpc");
  }
  if (handlers.length === 0) return errors.also(missingOneOf("httpGet", "tcpSocket", "exec", "grpc"));
  return handlers.length > 1 ? errors.also(multipleOneOf(...handlers)) : errors;
}

function portErrors(
  named: number | string | undefined,
  port: ProbePort | undefined,
  path: string,
): FieldErrors {
  if (port === undefined) {
    const isSaid = named !== undefined && named !== 0 && named !== "";
    return isSaid ? FieldErrors.none : invalidValue(named ?? 0, path, "Probe port must be specified");
  }
  const isOther = typeof named === "string" && named !== "" && named !== port.name;
  return isOther ? invalidValue(named, path, "Probe port must match container port") : FieldErrors.none;
}

/**
 * Without a period the system probes on its own, aggressively; then the numbers that only make sense with one must be
 * left out too.
 */
export function readinessProbeErrors(probe: Probe | undefined, port: ProbePort | undefined): FieldErrors {
  if (probe === undefined) return FieldErrors.none;
  const { periodSeconds = 0, initialDelaySeconds = 0, successThreshold = 0 } = probe;
  const { timeoutSeconds = 0, failureThreshold = 0 } = probe;
  const errors = probeErrors(probe, port).also(
    atLeast(0, periodSeconds, "periodSeconds"),
    atLeast(0, initialDelaySeconds, "initialDelaySeconds"),
    atLeast(1, successThreshold, "successThreshold"),
  );
  if (periodSeconds !== 0) {
    return errors.also(
      atLeast(1, timeoutSeconds, "timeoutSeconds"),
      atLeast(1, failureThreshold, "failureThreshold"),
    );
  }
  return errors.also(
    zeroWithoutPeriod(failureThreshold, "failureThreshold"),
    zeroWithoutPeriod(timeoutSeconds, "timeoutSeconds"),
  );
}

function atLeast(low: number, value: number, path: string): FieldErrors {
  return value < low ? outOfBounds({ value, low, high: INT32_MAX, path }) : FieldErrors.none;
}

function zeroWithoutPeriod(value: number, path: string): FieldErrors {
  return value === 0
    ? FieldErrors.none
    : FieldErrors.of(`${path} is disallowed when periodSeconds is zero`, [path]);
}

/** All fields of a sidecar's probe, where sidecars may not be probed. */
export function forbiddenProbeErrors(probe: Probe | undefined): FieldErrors {
  return probe === undefined ? FieldErrors.none : disallowedFields(...setFields(probe));
}

/** Names of the fields that are set; a handler is embedded in Go, hence it has no name of its own. */
function setFields(probe: Probe): string[] {
  return Object.entries(probe)
    .filter(([, value]) => value !== undefined && value !== 0)
    .map(([name]) => (HANDLERS.includes(name) ? HERE : name));
}

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"];
