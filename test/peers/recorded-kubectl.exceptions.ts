/** Recorded commands of kubectl that ebb answers otherwise, and why. */

const PROSE =
  "explain prints Kubernetes' and Knative's own sentences about each field, which ebb does not copy; " +
  "names and types of the fields are ebb's";

/** openapi-explain/NN */
const EXPLAINED =
  "01 02 03 04 05 06 07 08 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 41 42 43";

/** For every kubectl. */
export const exceptions: Readonly<Record<string, string>> = {
  "kinds-table/07":
    "the hash in a ReplicaSet's name is made of Go's own print of the pod template; ebb hashes the template in its own way",
  ...Object.fromEntries(EXPLAINED.split(" ").map((number) => [`openapi-explain/${number}`, PROSE])),
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
