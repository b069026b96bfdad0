/** Kubernetes' checks of probes and lifecycle hooks. */
import type { Container, Handler, HttpGetAction, Lifecycle, LifecycleHandler, Probe } from "../container.ts";
import {
  type FieldCause,
  forbidden,
  invalidValue,
  invalidValues,
  nonNegative,
  required,
  unsupported,
} from "../field-cause.ts";
import { httpHeaderNameErrors, portErrors } from "../syntax.ts";

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;

function handlerCauses(handler: Handler & LifecycleHandler, at: string): FieldCause[] {
  const given = HANDLERS.filter((one) => handler[one] !== undefined);
  if (given.length === 0) return [required(at, "must specify a handler type")];
  return given.flatMap((one, index) =>
    index > 0
      ? [forbidden(`${at}.${one}`, "may not specify more than 1 handler type")]
      : actionCauses(handler, one, `${at}.${one}`),
  );
}

function actionCauses(
  handler: LifecycleHandler,
  action: (typeof HANDLERS)[number],
  at: string,
): FieldCause[] {
  switch (action) {
    case "exec":
      return (handler.exec?.command ?? []).length === 0 ? [required(`${at}.command`)] : [];
    case "httpGet":
      return httpGetCauses(handler.httpGet ?? {}, at);
    case "tcpSocket":
      return portCauses(handler.tcpSocket?.port, `${at}.port`);
    case "grpc":
      return portCauses(handler.grpc?.port, `${at}.port`);
    case "sleep":
      return nonNegative(`${at}.seconds`, handler.sleep?.seconds);
  }
}

/** A port that is not there is decoded as 0. */
function portCauses(port: number | string | undefined, field: string): FieldCause[] {
  return invalidValues(field, port ?? 0, portErrors(port ?? 0));
}

function httpGetCauses({ path, port, scheme, httpHeaders }: HttpGetAction, at: string): FieldCause[] {
  return [
    ...(path ? [] : [required(`${at}.path`)]),
    ...portCauses(port, `${at}.port`),
    ...(scheme === "HTTP" || scheme === "HTTPS"
      ? []
      : [unsupported(`${at}.scheme`, scheme ?? "", ["HTTP", "HTTPS"])]),
    ...(httpHeaders ?? []).flatMap(({ name }) =>
      invalidValues(`${at}.httpHeaders`, name, httpHeaderNameErrors(name)),
    ),
  ];
}

function probeCauses(probe: Probe, at: string): FieldCause[] {
  const grace = probe.terminationGracePeriodSeconds;
  return [
    ...handlerCauses(probe, at),
    ...nonNegative(`${at}.initialDelaySeconds`, probe.initialDelaySeconds),
    ...nonNegative(`${at}.timeoutSeconds`, probe.timeoutSeconds),
    ...nonNegative(`${at}.periodSeconds`, probe.periodSeconds),
    ...nonNegative(`${at}.successThreshold`, probe.successThreshold),
    ...nonNegative(`${at}.failureThreshold`, probe.failureThreshold),
    ...(grace !== undefined && grace <= 0
      ? [invalidValue(`${at}.terminationGracePeriodSeconds`, grace, "must be greater than 0")]
      : []),
  ];
}

/** One success is enough for a container to be alive or started. */
function onceCauses(probe: Probe | undefined, at: string): FieldCause[] {
  if (!probe) return [];
  const causes = probeCauses(probe, at);
  const { successThreshold = 1 } = probe;
  return successThreshold === 1
    ? causes
    : [...causes, invalidValue(`${at}.successThreshold`, successThreshold, "must be 1")];
}

export function probesCauses(container: Container, at: string): FieldCause[] {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const causes = onceCauses(livenessProbe, `${at}.livenessProbe`);
  if (readinessProbe) {
    const field = `${at}.readinessProbe`;
    causes.push(...probeCauses(readinessProbe, field));
    const grace = readinessProbe.terminationGracePeriodSeconds;
    if (grace !== undefined)
      causes.push(
        invalidValue(`${field}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes"),
      );
  }
  return [...causes, ...onceCauses(startupProbe, `${at}.startupProbe`)];
}

export function lifecycleCauses(lifecycle: Lifecycle | undefined, at: string): FieldCause[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart ? handlerCauses(postStart, `${at}.postStart`) : []),
    ...(preStop ? handlerCauses(preStop, `${at}.preStop`) : []),
  ];
}
