/** Kubernetes' checks of security contexts. */
import type { SeccompProfile, SecurityContext } from "../container.ts";
import { type FieldCause, invalidValue, required, unsupported } from "../field-cause.ts";
import type { PodSecurityContext } from "../pod-spec.ts";

const ID_MAX = 2 ** 31 - 1;

function idCauses(id: number | undefined, field: string): FieldCause[] {
  return id === undefined || (id >= 0 && id <= ID_MAX)
    ? []
    : [invalidValue(field, id, `must be between 0 and ${ID_MAX}, inclusive`)];
}

const PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];

function seccompCauses(profile: SeccompProfile | undefined, at: string): FieldCause[] {
  if (!profile) return [];
  const { type, localhostProfile } = profile;
  if (!type) return [required(`${at}.type`, "type is required when seccompProfile is set")];
  if (!PROFILE_TYPES.includes(type)) return [unsupported(`${at}.type`, type, PROFILE_TYPES)];
  const field = `${at}.localhostProfile`;
  if (type === "Localhost")
    return localhostProfile ? [] : [required(field, "must be set when seccomp type is Localhost")];
  return localhostProfile === undefined
    ? []
    : [invalidValue(field, localhostProfile, "can only be set when seccomp type is Localhost")];
}

export function podSecurityCauses(context: PodSecurityContext | undefined, at: string): FieldCause[] {
  if (!context) return [];
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [], fsGroupChangePolicy } = context;
  const policies = ["Always", "OnRootMismatch"];
  return [
    ...idCauses(fsGroup, `${at}.fsGroup`),
    ...idCauses(runAsUser, `${at}.runAsUser`),
    ...idCauses(runAsGroup, `${at}.runAsGroup`),
    ...supplementalGroups.flatMap((group, index) => idCauses(group, `${at}.supplementalGroups[${index}]`)),
    ...(fsGroupChangePolicy !== undefined && !policies.includes(fsGroupChangePolicy)
      ? [unsupported(`${at}.fsGroupChangePolicy`, fsGroupChangePolicy, policies)]
      : []),
    ...seccompCauses(context.seccompProfile, `${at}.seccompProfile`),
  ];
}

export function securityCauses(context: SecurityContext | undefined, at: string): FieldCause[] {
  if (!context) return [];
  const causes = [
    ...idCauses(context.runAsUser, `${at}.runAsUser`),
    ...idCauses(context.runAsGroup, `${at}.runAsGroup`),
    ...seccompCauses(context.seccompProfile, `${at}.seccompProfile`),
  ];
  if (context.procMount !== undefined && !["Default", "Unmasked"].includes(context.procMount))
    causes.push(unsupported(`${at}.procMount`, context.procMount, ["Default", "Unmasked"]));
  if (context.allowPrivilegeEscalation !== false) return causes;
  const shown = goContext(context);
  if (context.privileged)
    causes.push(
      invalidValue(at, shown, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
    );
  const admin = (context.capabilities?.add ?? []).some((one) => one === "CAP_SYS_ADMIN");
  if (admin) {
    const text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
    causes.push(invalidValue(at, shown, text));
  }
  return causes;
}

/** The whole context is shown, as the program behind the message names its fields. */
function goContext(context: SecurityContext): Record<string, unknown> {
  const capabilities = context.capabilities && {
    Add: context.capabilities.add ?? null,
    Drop: context.capabilities.drop ?? null,
  };
  const seccomp = context.seccompProfile && {
    Type: context.seccompProfile.type,
    LocalhostProfile: context.seccompProfile.localhostProfile ?? null,
  };
  return {
    Capabilities: capabilities ?? null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: context.seLinuxOptions ?? null,
    WindowsOptions: context.windowsOptions ?? null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: seccomp ?? null,
    AppArmorProfile: context.appArmorProfile ?? null,
  };
}
