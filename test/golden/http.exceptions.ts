/** Recorded scenarios that ebb answers otherwise, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  "body-podautoscaler":
    "a patch that names another kind and changes nothing is written in a cluster, by what Knative's webhook adds; not here",
  "disc-unknown": "lists all of Kubernetes' core kinds in passing; ebb lists those that it serves",
  "disc-openapi": "shows hashes of Kubernetes' own documents, and documents of kinds that ebb does not serve",
  "pod-immutable": "a refused change of a pod shows a diff of Go's structs; ebb says what may change",
};
