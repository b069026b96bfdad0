import { ConfigTemplate } from "./config-template.ts";
import { type ConfigData, ConfigError, ConfigReader } from "./reader.ts";

/** config-defaults (spec C-076…C-087). Quantities are kept as written. */
export interface DefaultsConfig {
  readonly revisionTimeoutSeconds: number;
  readonly maxRevisionTimeoutSeconds: number;
  readonly revisionResponseStartTimeoutSeconds: number;
  readonly revisionIdleTimeoutSeconds: number;
  readonly revisionRequests: Readonly<Record<string, string>>;
  readonly revisionLimits: Readonly<Record<string, string>>;
  readonly containerNameTemplate: ConfigTemplate;
  readonly initContainerNameTemplate: ConfigTemplate;
  readonly containerConcurrency: number;
  readonly containerConcurrencyMaxLimit: number;
  readonly allowContainerConcurrencyZero: boolean;
  /** undefined: leave the field to Kubernetes. */
  readonly enableServiceLinks: boolean | undefined;
}

const RESOURCES = ["cpu", "memory", "ephemeral-storage"];

export function parseDefaultsConfig(data: ConfigData): DefaultsConfig {
  const reader = new ConfigReader(data);
  const initContainerNameTemplate = nameTemplate(
    reader.text("init-container-name-template", "init-container"),
  );
  const containerNameTemplate = nameTemplate(reader.text("container-name-template", "user-container"));
  const allowContainerConcurrencyZero = reader.bool("allow-container-concurrency-zero", true);
  const revisionTimeoutSeconds = reader.int64("revision-timeout-seconds", 300);
  const config: DefaultsConfig = {
    initContainerNameTemplate,
    containerNameTemplate,
    allowContainerConcurrencyZero,
    enableServiceLinks: serviceLinks(reader.text("enable-service-links", "false")),
    revisionTimeoutSeconds,
    maxRevisionTimeoutSeconds: reader.int64("max-revision-timeout-seconds", 600),
    revisionIdleTimeoutSeconds: reader.int64("revision-idle-timeout-seconds", 0),
    containerConcurrency: reader.int64("container-concurrency", 0),
    containerConcurrencyMaxLimit: reader.int64("container-concurrency-max-limit", 1000),
    revisionRequests: quantities(reader, "request"),
    revisionLimits: quantities(reader, "limit"),
    revisionResponseStartTimeoutSeconds: reader.int64(
      "revision-response-start-timeout-seconds",
      revisionTimeoutSeconds,
    ),
  };
  checkTimeouts(config);
  checkConcurrency(config);
  checkTemplate(config.containerNameTemplate);
  checkTemplate(config.initContainerNameTemplate);
  return config;
}

function nameTemplate(text: string): ConfigTemplate {
  return new ConfigTemplate({ name: "container-template", text, dataType: "v1.ObjectMeta" });
}

function serviceLinks(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function quantities(reader: ConfigReader, what: "request" | "limit"): Record<string, string> {
  const found: Record<string, string> = {};
  for (const resource of RESOURCES) {
    const quantity = reader.quantity(`revision-${resource}-${what}`, undefined);
    if (quantity !== undefined) found[resource] = quantity;
  }
  return found;
}

function checkTimeouts(config: DefaultsConfig): void {
  const whole = config.revisionTimeoutSeconds;
  const start = config.revisionResponseStartTimeoutSeconds;
  const idle = config.revisionIdleTimeoutSeconds;
  if (whole > config.maxRevisionTimeoutSeconds) {
    throw new ConfigError(
      `revision-timeout-seconds (${whole}) cannot be greater than ` +
        `max-revision-timeout-seconds (${config.maxRevisionTimeoutSeconds})`,
    );
  }
  if (start > 0 && start > whole) {
    throw new ConfigError(
      `revision-response-start-timeout-seconds (${start}) cannot be greater than revision-timeout-seconds (${whole})`,
    );
  }
  if (idle > 0 && idle > whole) {
    throw new ConfigError(
      `revision-idle-timeout-seconds (${idle}) cannot be greater than revision-timeout-seconds (${whole})`,
    );
  }
}

function checkConcurrency({ containerConcurrency, containerConcurrencyMaxLimit }: DefaultsConfig): void {
  if (containerConcurrencyMaxLimit < 1) {
    throw new ConfigError(
      `expected 1 <= ${containerConcurrencyMaxLimit} <= 2147483647: container-concurrency-max-limit`,
    );
  }
  if (containerConcurrency < 0 || containerConcurrency > containerConcurrencyMaxLimit) {
    throw new ConfigError(
      `expected 0 <= ${containerConcurrency} <= ${containerConcurrencyMaxLimit}: container-concurrency`,
    );
  }
}

function checkTemplate(template: ConfigTemplate): void {
  try {
    template.execute(metaForTemplate({ name: "", namespace: "" }));
  } catch (thrown) {
    throw new ConfigError(`error executing template: ${(thrown as Error).message}`, { cause: thrown });
  }
}

/** The fields of an object's metadata that a container name template may use. */
export function metaForTemplate(meta: {
  readonly name?: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}) {
  return {
    Name: meta.name ?? "",
    Namespace: meta.namespace ?? "",
    GenerateName: meta.generateName ?? "",
    Labels: meta.labels ?? {},
    Annotations: meta.annotations ?? {},
  };
}
