/**
 * What Kubernetes says of its columns: part of the Tables that it answers with, and so of what clients see (spec
 * E-206). By collection and name; columns of newer kinds carry their description themselves.
 */
export const COLUMN_TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  configmaps: {
    Data:
      "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_'" +
      " or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in " +
      "Data must not overlap with the keys in the BinaryData field, this is enforced during validation " +
      "process.",
  },
  "deployments.apps": {
    Ready: "Number of the pod with ready state",
    "Up-to-date":
      "Total number of non-terminating pods targeted by this deployment that have the desired template " +
      "spec.",
    Available:
      "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by " +
      "this deployment.",
    Containers: "Names of each container in the template.",
    Images: "Images referenced by each container in the template.",
    Selector:
      "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones " +
      "affected by this deployment.",
  },
  events: {
    "Last Seen": "The time at which the most recent occurrence of this event was recorded.",
    Type: "Type of this event (Normal, Warning), new types could be added in the future",
    Reason:
      "This should be a short, machine understandable string that gives the reason for the transition " +
      "into the object's current status.",
    Object: "The object that this event is about.",
    Subobject:
      "If referring to a piece of an object instead of an entire object, this string should contain a " +
      "valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, " +
      "if the object reference is to a container within a pod, this would take on a value like: " +
      '"spec.containers{name}" (where "name" refers to the name of the container that triggered the ' +
      'event) or if no container name is specified "spec.containers[2]" (container with index 2 in this' +
      " pod). This syntax is chosen only to have some well-defined way of referencing a part of an " +
      "object.",
    Source: "The component reporting this event. Should be a short machine understandable string.",
    Message: "A human-readable description of the status of this operation.",
    "First Seen": "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)",
    Count: "The number of times this event has occurred.",
  },
  "leases.coordination.k8s.io": {
    Holder:
      "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader " +
      "Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name " +
      "field.",
  },
  pods: {
    Ready: "The aggregate readiness state of this pod for accepting traffic.",
    Status: "The aggregate status of the containers in this pod.",
    Restarts:
      "The number of times the containers in this pod have been restarted and when the last container " +
      "in this pod has restarted.",
    IP:
      "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet " +
      "allocated.",
    Node:
      "NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for " +
      "scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for " +
      "this node becomes responsible for the lifecycle of this pod. This field should not be used to " +
      "express a desire for the pod to be scheduled on a specific node. " +
      "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename",
    "Nominated Node":
      "nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be " +
      "scheduled right away as preemption victims receive their graceful termination periods. This " +
      "field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to " +
      "place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to " +
      "give the resources on this node to a higher priority pod that is created after preemption. As a " +
      "result, this field may be different than PodSpec.nodeName when the pod is scheduled.",
    "Readiness Gates":
      "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all " +
      "its containers are ready AND all conditions specified in the readiness gates have status equal " +
      'to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
  },
  "replicasets.apps": {
    Desired:
      "Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero " +
      "and unspecified. Defaults to 1. More info: " +
      "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
    Current:
      "Replicas is the most recently observed number of non-terminating pods. More info: " +
      "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
    Ready: "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.",
    Containers: "Names of each container in the template.",
    Images: "Images referenced by each container in the template.",
    Selector:
      "Selector is a label query over pods that should match the replica count. If the selector is " +
      "empty, it is defaulted to the labels present on the pod template. Label keys and values that " +
      "must match in order to be controlled by this replica set. More info: " +
      "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
  },
  serviceaccounts: {
    Secrets:
      "Secrets is a list of the secrets in the same namespace that pods running using this " +
      "ServiceAccount are allowed to use. Pods are only limited to this list if this service account " +
      'has a "kubernetes.io/enforce-mountable-secrets" annotation set to "true". The ' +
      '"kubernetes.io/enforce-mountable-secrets" annotation is deprecated since v1.32. Prefer separate ' +
      "namespaces to isolate access to mounted secrets. This field should not be used to find " +
      "auto-generated service account token secrets for use outside of pods. Instead, tokens can be " +
      "requested directly using the TokenRequest API, or service account token secrets can be manually " +
      "created. More info: https://kubernetes.io/docs/concepts/configuration/secret",
  },
};
