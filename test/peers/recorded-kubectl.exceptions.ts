/** Recorded commands of kubectl that ebb answers otherwise, and why: for every kubectl. */
export const exceptions: Readonly<Record<string, string>> = {
  "kinds-table/07":
    "the hash in a ReplicaSet's name is made of Go's own print of the pod template; ebb hashes the template in its own way",
  "openapi-explain/04":
    "no package has the sentence that Knative says of fields behind a feature flag; ebb says it in words of its own",
  "openapi-explain/25":
    "what is said of terminatingReplicas is of a later Kubernetes, in which the field has left alpha",
};

const DELETED = "says from which namespace it deleted; the recorded kubectl did not yet";

/** For the kubectl of the Go module: where it speaks otherwise than the recorded one. */
export const newestExceptions: Readonly<Record<string, string>> = {
  ...exceptions,
  "get-errors/02": "names the group in which it found no such resource",
  "get-errors/03": "names the group in which it found no such resource",
  "create/01": "writes no creationTimestamp: null any more",
  "label-annotate/07": "calls taking a label off that is not there `not labeled`",
  "discovery/15": "begins an error in lower case",
  "discovery/18": "writes no empty preferences any more",
  "apply-client/21": DELETED,
  "apply-deployment/21": DELETED,
  "replace-delete/05": DELETED,
  "replace-delete/06": DELETED,
  "replace-delete/11": DELETED,
  "replace-delete/12": DELETED,
  "replace-delete/15": DELETED,
  "replace-delete/18": DELETED,
  "replace-delete/22": DELETED,
  "replace-delete/24": DELETED,
  "replace-delete/27": DELETED,
  "replace-delete/31": DELETED,
  "knative-apply/13": DELETED,
};
