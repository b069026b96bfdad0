/** Cases of admission.jsonl that ebb answers otherwise, and why. */
const broken = "Knative breaks here; ebb refuses cleanly (errata A-101)";
const server =
  "as recorded over HTTP; the API server decides it before it asks admission, which alone is judged here";
const address = "shows the address of what a pointer held; ebb shows what it held";

export const admissionExceptions: Readonly<Record<string, string>> = {
  "svc-wire-018": server,
  "svc-wire-022": server,
  "svc-wire-023": server,
  "svc-wire-024": server,
  "king-014": broken,
  "king-048": broken,
  "svc-byo-update-013": address,
  "cfg-byo-update-013": address,
};
