/** Rules about the containers of a revision (spec A-136…A-151). */
import {
  disallowedFields,
  FieldErrors,
  HERE,
  INT32_MAX,
  invalidValue,
  missingField,
  missingOneOf,
  multipleOneOf,
  outOfBounds,
} from "../admission/field-error.ts";
import type { FeaturesConfig } from "../config/features.ts";
import type { Container, ContainerPort, EnvFromSource, EnvVar, SecurityContext } from "../container.ts";
import type { PodSpec, Volume } from "../pod-spec.ts";
import { imageReferenceError } from "./image-reference.ts";
import { forbiddenProbeErrors, type ProbePort, probeErrors, readinessProbeErrors } from "./probes.ts";
import { volumeMountsErrors } from "./volumes.ts";

export interface Surroundings {
  readonly features: FeaturesConfig;
  readonly volumes: ReadonlyMap<string, Volume>;
}

type Role = "user" | "sidecar" | "init";

/** All containers but the init ones, and which port the pod has. */
export function containersErrors(around: Surroundings, containers: readonly Container[]): FieldErrors {
  const portErrors = podPortErrors(containers).viaField("containers[*]");
  const port = { name: servingPortName(containers) };
  if (containers.length === 0) return portErrors.also(missingField("containers"));
  if (containers.length === 1) {
    const [only] = containers;
    return only === undefined
      ? portErrors
      : portErrors.also(userContainerErrors(around, only, port).viaFieldIndex("containers", 0));
  }
  return portErrors.also(severalErrors(around, containers, port));
}

function servingPortName(containers: readonly Container[]): string {
  const ports = containers.flatMap((one) => (one.ports?.[0] === undefined ? [] : [one.ports[0]]));
  return ports.at(-1)?.name || "http";
}

function podPortErrors(containers: readonly Container[]): FieldErrors {
  const count = containers.reduce((sum, one) => sum + (one.ports?.length ?? 0), 0);
  if (count === 0 && containers.length > 1) return missingField("ports");
  if (count <= 1) return FieldErrors.none;
  return FieldErrors.of(
    "more than one container port is set",
    ["ports"],
    "Only a single port is allowed across all containers",
  );
}

function severalErrors(around: Surroundings, containers: readonly Container[], port: ProbePort): FieldErrors {
  if (around.features.flags["multi-container"] !== "Enabled") {
    return FieldErrors.of(`multi-container is off, but found ${containers.length} containers`, []);
  }
  const names = new Set<string>();
  let errors = FieldErrors.none;
  for (const [index, container] of containers.entries()) {
    // Everything gathered before a repeated name lands below its path, as in Knative (errata A-144).
    if (names.has(container.name)) {
      errors = errors.also(duplicateName(container.name)).viaFieldIndex("containers", index);
    }
    names.add(container.name);
    const isSidecar = (container.ports?.length ?? 0) === 0;
    const own = isSidecar ? sidecarErrors(around, container) : userContainerErrors(around, container, port);
    errors = errors.also(own.viaFieldIndex("containers", index));
  }
  return errors;
}

function duplicateName(name: string): FieldErrors {
  return FieldErrors.of(`duplicate container name ${JSON.stringify(name)}`, ["name"]);
}

export function initContainersErrors(around: Surroundings, spec: PodSpec): FieldErrors {
  const containers = spec.initContainers ?? [];
  if (containers.length === 0) return FieldErrors.none;
  if (around.features.flags["kubernetes.podspec-init-containers"] !== "Enabled") {
    return FieldErrors.of(
      `pod spec support for init-containers is off, but found ${containers.length} init containers`,
      [],
    );
  }
  const names = new Set(spec.containers.map((one) => one.name));
  let errors = FieldErrors.none;
  for (const [index, container] of containers.entries()) {
    if (names.has(container.name)) {
      errors = errors.also(duplicateName(container.name)).viaFieldIndex("containers", index);
    }
    errors = errors.also(initContainerErrors(around, container).viaFieldIndex("containers", index));
  }
  return errors;
}

const NOT_IN_INIT = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const;

function initContainerErrors(around: Surroundings, container: Container): FieldErrors {
  const found = NOT_IN_INIT.filter((field) => container[field] !== undefined);
  return FieldErrors.none.also(
    ...found.map((field) => FieldErrors.of("field not allowed in an init container", [field])),
    commonErrors(around, container, "init"),
  );
}

function sidecarErrors(around: Surroundings, container: Container): FieldErrors {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const mayProbe = around.features.flags["multi-container-probing"] === "Enabled";
  const errors = mayProbe
    ? FieldErrors.none.also(
        probeErrors(livenessProbe, undefined).viaField("livenessProbe"),
        readinessProbeErrors(readinessProbe, undefined).viaField("readinessProbe"),
        probeErrors(startupProbe, undefined).viaField("startupProbe"),
      )
    : FieldErrors.none.also(
        forbiddenProbeErrors(livenessProbe).viaField("livenessProbe"),
        forbiddenProbeErrors(readinessProbe).viaField("readinessProbe"),
        forbiddenProbeErrors(startupProbe).viaField("startupProbe"),
      );
  return errors.also(commonErrors(around, container, "sidecar"));
}

function userContainerErrors(around: Surroundings, container: Container, port: ProbePort): FieldErrors {
  return FieldErrors.none.also(
    probeErrors(container.livenessProbe, port).viaField("livenessProbe"),
    readinessProbeErrors(container.readinessProbe, port).viaField("readinessProbe"),
    probeErrors(container.startupProbe, port).viaField("startupProbe"),
    commonErrors(around, container, "user"),
  );
}

const FIELDS = new Set([
  ...["name", "args", "command", "env", "workingDir", "envFrom", "image", "imagePullPolicy"],
  ...["livenessProbe", "readinessProbe", "startupProbe", "ports", "resources", "securityContext"],
  ...["terminationMessagePath", "terminationMessagePolicy", "volumeMounts", "lifecycle"],
]);

function commonErrors(around: Surroundings, container: Container, role: Role): FieldErrors {
  const forbidden = Object.keys(container).filter((field) => !FIELDS.has(field) || field === "lifecycle");
  const policy = container.terminationMessagePolicy ?? "";
  const isPolicyKnown = ["", "File", "FallbackToLogsOnError"].includes(policy);
  const ports = container.ports ?? [];
  return FieldErrors.none.also(
    disallowedFields(...forbidden),
    reservedNameErrors(container.name ?? ""),
    envErrors(around.features, container.env ?? [], role).viaField("env"),
    envFromErrors(container.envFrom ?? []).viaField("envFrom"),
    imageErrors(container.image ?? ""),
    (role === "init" ? initPortsErrors(ports) : portsErrors(ports)).viaField("ports"),
    resourcesErrors(container).viaField("resources"),
    securityErrors(around.features, container.securityContext).viaField("securityContext"),
    isPolicyKnown ? FieldErrors.none : invalidValue(policy, "terminationMessagePolicy"),
    volumeMountsErrors(around.features, container.volumeMounts ?? [], around.volumes).viaField(
      "volumeMounts",
    ),
  );
}

function reservedNameErrors(name: string): FieldErrors {
  return name === "queue-proxy"
    ? FieldErrors.of('"queue-proxy" is a reserved container name', ["name"])
    : FieldErrors.none;
}

function resourcesErrors({ resources }: Container): FieldErrors {
  return disallowedFields(
    ...Object.keys(resources ?? {}).filter((field) => field !== "limits" && field !== "requests"),
  );
}

const RESERVED_ENV = ["K_SERVICE", "K_CONFIGURATION", "K_REVISION"];

function envErrors(features: FeaturesConfig, env: readonly EnvVar[], role: Role): FieldErrors {
  const reserved = role === "user" ? [...RESERVED_ENV, "PORT"] : RESERVED_ENV;
  const hasFieldRefs = features.flags["kubernetes.podspec-fieldref"] !== "Disabled";
  return FieldErrors.none.also(
    ...env.map((variable, index) => {
      const name = variable.name ?? "";
      let errors = FieldErrors.none;
      if (name === "") errors = errors.also(missingField("name"));
      else if (reserved.includes(name)) {
        errors = errors.also(
          FieldErrors.of(`${JSON.stringify(name)} is a reserved environment variable`, ["name"]),
        );
      }
      const gated = (["fieldRef", "resourceFieldRef"] as const).filter(
        (field) => !hasFieldRefs && variable.valueFrom?.[field] !== undefined,
      );
      return errors.also(disallowedFields(...gated).viaField("valueFrom")).viaIndex(index);
    }),
  );
}

function envFromErrors(sources: readonly EnvFromSource[]): FieldErrors {
  let errors = FieldErrors.none;
  for (const [index, source] of sources.entries()) {
    // Knative moves whatever it has gathered so far below the reference (errata A-142).
    if (source.secretRef !== undefined) errors = errors.viaIndex(index).viaField("secretRef");
    if (source.configMapRef !== undefined) errors = errors.viaIndex(index).viaField("configMapRef");
    if (source.configMapRef !== undefined && source.secretRef !== undefined) {
      errors = errors.also(multipleOneOf("configMapRef", "secretRef"));
    } else if (source.configMapRef === undefined && source.secretRef === undefined) {
      errors = errors.also(missingOneOf("configMapRef", "secretRef"));
    }
  }
  return errors;
}

function imageErrors(image: string): FieldErrors {
  if (image === "") return missingField("image");
  const error = imageReferenceError(image);
  if (error === undefined) return FieldErrors.none;
  return FieldErrors.of(
    "Failed to parse image reference",
    ["image"],
    `image: ${JSON.stringify(image)}, error: ${error}`,
  );
}

const RESERVED_PORTS = new Set([8012, 8013, 8022, 9090, 9091, 8008]);
const PORT_NAMES = ["", "http1", "h2c"];

function portsErrors(ports: readonly ContainerPort[]): FieldErrors {
  const [port] = ports;
  if (port === undefined) return FieldErrors.none;
  let errors = portErrors(port);
  const { protocol = "", name = "" } = port;
  if (protocol !== "" && protocol !== "TCP") errors = errors.also(invalidValue(protocol, "protocol"));
  if (!PORT_NAMES.includes(name)) {
    errors = errors.also(
      FieldErrors.of(
        `Port name ${name} is not allowed`,
        [HERE],
        "Name must be empty, or one of: 'h2c', 'http1'",
      ),
    );
  }
  return errors;
}

function initPortsErrors(ports: readonly ContainerPort[]): FieldErrors {
  return FieldErrors.none.also(...ports.map(portErrors));
}

function portErrors(port: ContainerPort): FieldErrors {
  const number = port.containerPort ?? 0;
  let errors = disallowedFields(...(["hostIP", "hostPort"] as const).filter((field) => port[field]));
  if (RESERVED_PORTS.has(number)) {
    const text = `${number} is a reserved port`;
    errors = errors.also(invalidValue(text, "containerPort", `${text}, please use a different value`));
  }
  if (number < 0 || number > 65_535) {
    errors = errors.also(outOfBounds({ value: number, low: 0, high: 65_535, path: "containerPort" }));
  }
  return errors;
}

const SECURITY_FIELDS = [
  ...["capabilities", "readOnlyRootFilesystem", "runAsUser", "runAsGroup", "runAsNonRoot"],
  ...["allowPrivilegeEscalation", "seccompProfile"],
];

function securityErrors(features: FeaturesConfig, security: SecurityContext | undefined): FieldErrors {
  if (security === undefined) return FieldErrors.none;
  const forbidden = Object.keys(security).filter(
    (field) => !SECURITY_FIELDS.includes(field) && !(field === "privileged" && security.privileged === false),
  );
  return FieldErrors.none.also(
    disallowedFields(...forbidden),
    capabilitiesErrors(features, security).viaField("capabilities"),
    idErrors(security.runAsUser, "runAsUser"),
    idErrors(security.runAsGroup, "runAsGroup"),
  );
}

function capabilitiesErrors(features: FeaturesConfig, { capabilities }: SecurityContext): FieldErrors {
  const add = capabilities?.add ?? [];
  if (add.length === 0 || features.flags["kubernetes.containerspec-addcapabilities"] === "Enabled") {
    return FieldErrors.none;
  }
  const isSecure = features.securePodDefaults !== "Disabled";
  const isLowPort = add.length === 1 && add[0] === "NET_BIND_SERVICE";
  return isSecure && isLowPort ? FieldErrors.none : disallowedFields("add");
}

/** A user or group of the container, or of the pod. */
export function idErrors(id: number | undefined, path: string): FieldErrors {
  if (id === undefined || (id >= 0 && id <= INT32_MAX)) return FieldErrors.none;
  return outOfBounds({ value: id, low: 0, high: INT32_MAX, path });
}
