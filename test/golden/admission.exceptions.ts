/** Cases of admission.jsonl that ebb answers otherwise, and why. */
const broken = "Knative breaks here; ebb refuses cleanly (errata A-101)";
const exempt = "the namespace opts out of the webhooks (A-081); the API server decides that before it asks";
const goDiff = "shows what changed as Go prints structs and pointers; ebb shows JSON";
const goTypes = "a value of a wrong JSON type is told in other words";

export const admissionExceptions: Readonly<Record<string, string>> = {
  "svc-wire-018": goTypes,
  "svc-wire-022": exempt,
  "svc-wire-023": exempt,
  "svc-wire-024": exempt,
  "king-014": broken,
  "king-048": broken,
  "svc-byo-update-013": goDiff,
  "svc-byo-update-014": goDiff,
  "svc-byo-update-018": goDiff,
  "cfg-byo-update-013": goDiff,
  "cfg-byo-update-014": goDiff,
  "cfg-byo-update-017": goDiff,
  "rev-update-004": goDiff,
  "rev-update-008": goDiff,
  "rev-update-017": goDiff,
};
