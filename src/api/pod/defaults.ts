/** What Kubernetes fills into pod specs, in pods and in templates alike. All functions change their argument. */

type Fields = Record<string, unknown>;

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at a path of fields; an empty one where something is missing. */
function recordAt(value: Fields, path: readonly string[]): Fields {
  let found: unknown = value;
  for (const name of path) found = isRecord(found) ? found[name] : undefined;
  return isRecord(found) ? found : {};
}

export function setDefault(fields: Fields, name: string, value: unknown): void {
  if (fields[name] === undefined || fields[name] === null) fields[name] = value;
}

export function recordsIn(fields: Fields, name: string): Fields[] {
  const list = fields[name];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

export function defaultPodSpec(spec: Fields): void {
  for (const container of [...recordsIn(spec, "containers"), ...recordsIn(spec, "initContainers")])
    defaultContainer(container);
  for (const volume of recordsIn(spec, "volumes")) defaultVolume(volume);
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "terminationGracePeriodSeconds", 30);
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "schedulerName", "default-scheduler");
  if (spec.serviceAccountName !== undefined) setDefault(spec, "serviceAccount", spec.serviceAccountName);
}

function defaultContainer(container: Fields): void {
  setDefault(container, "resources", {});
  const resources = recordAt(container, ["resources"]);
  for (const port of recordsIn(container, "ports")) setDefault(port, "protocol", "TCP");
  for (const variable of recordsIn(container, "env")) {
    const reference = recordAt(variable, ["valueFrom", "fieldRef"]);
    if (reference.fieldPath !== undefined) setDefault(reference, "apiVersion", "v1");
    const resource = recordAt(variable, ["valueFrom", "resourceFieldRef"]);
    if (resource.resource !== undefined) setDefault(resource, "divisor", "0");
  }
  for (const name of ["readinessProbe", "livenessProbe", "startupProbe"]) {
    const probe = container[name];
    if (isRecord(probe)) defaultProbe(probe);
  }
  for (const hook of ["postStart", "preStop"])
    defaultHttpGet(recordAt(container, ["lifecycle", hook, "httpGet"]));
  setDefault(container, "terminationMessagePath", "/dev/termination-log");
  setDefault(container, "terminationMessagePolicy", "File");
  setDefault(container, "imagePullPolicy", isLatest(container.image) ? "Always" : "IfNotPresent");
  if (isRecord(resources.limits))
    resources.requests = { ...resources.limits, ...recordAt(resources, ["requests"]) };
}

/** An image without tag and digest is the latest one. */
function isLatest(image: unknown): boolean {
  if (typeof image !== "string" || image.includes("@")) return false;
  const name = image.slice(image.lastIndexOf("/") + 1);
  return !name.includes(":") || name.endsWith(":latest");
}

function defaultProbe(probe: Fields): void {
  defaultHttpGet(recordAt(probe, ["httpGet"]));
  if (isRecord(probe.grpc)) setDefault(probe.grpc, "service", "");
  setDefault(probe, "timeoutSeconds", 1);
  setDefault(probe, "periodSeconds", 10);
  setDefault(probe, "successThreshold", 1);
  setDefault(probe, "failureThreshold", 3);
}

function defaultHttpGet(get: Fields): void {
  if (get.port === undefined) return;
  setDefault(get, "path", "/");
  setDefault(get, "scheme", "HTTP");
}

const DEFAULT_FILE_MODE = 0o644;

function defaultVolume(volume: Fields): void {
  for (const source of ["secret", "configMap", "downwardAPI", "projected"]) {
    const fields = volume[source];
    if (isRecord(fields)) setDefault(fields, "defaultMode", DEFAULT_FILE_MODE);
  }
  for (const item of recordsIn(recordAt(volume, ["downwardAPI"]), "items")) defaultDownwardItem(item);
  for (const source of recordsIn(recordAt(volume, ["projected"]), "sources")) {
    for (const item of recordsIn(recordAt(source, ["downwardAPI"]), "items")) defaultDownwardItem(item);
    if (isRecord(source.serviceAccountToken))
      setDefault(source.serviceAccountToken, "expirationSeconds", 3600);
  }
  const sources = Object.keys(volume).filter((name) => name !== "name");
  if (sources.length === 0) volume.emptyDir = {};
}

function defaultDownwardItem(item: Fields): void {
  if (isRecord(item.fieldRef)) setDefault(item.fieldRef, "apiVersion", "v1");
}

/** Guaranteed needs equal limits and requests of cpu and memory everywhere; anything at all makes it Burstable. */
export function qosClassOf(spec: Fields): string {
  const containers = [...recordsIn(spec, "containers"), ...recordsIn(spec, "initContainers")];
  const amounts = (container: Fields, kind: string) => {
    const all = recordAt(container, ["resources", kind]);
    return ["cpu", "memory"].map((name) => all[name]).map((value) => (isZero(value) ? undefined : value));
  };
  const any = containers.some((container) =>
    [...amounts(container, "limits"), ...amounts(container, "requests")].some((value) => value !== undefined),
  );
  if (!any) return "BestEffort";
  const guaranteed = containers.every((container) => {
    const limits = amounts(container, "limits");
    const requests = amounts(container, "requests");
    return limits.every((limit, index) => limit !== undefined && limit === requests[index]);
  });
  return guaranteed ? "Guaranteed" : "Burstable";
}

function isZero(value: unknown): boolean {
  return value === undefined || /^0+(\.0+)?[A-Za-z]*$/.test(String(value));
}

/** What only pods get: what a cluster's admission plugins and its scheduler's defaults add. */
export function defaultPod(spec: Fields): void {
  defaultPodSpec(spec);
  setDefault(spec, "serviceAccountName", "default");
  setDefault(spec, "serviceAccount", spec.serviceAccountName);
  setDefault(spec, "tolerations", [toleration("not-ready"), toleration("unreachable")]);
  setDefault(spec, "priority", 0);
  setDefault(spec, "enableServiceLinks", true);
  setDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
}

function toleration(condition: string): Fields {
  return {
    key: `node.kubernetes.io/${condition}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 300,
  };
}
