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
  services: {
    Type:
      "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are " +
      'ExternalName, ClusterIP, NodePort, and LoadBalancer. "ClusterIP" allocates a cluster-internal IP' +
      " address for load-balancing to endpoints. Endpoints are determined by the selector or if that is" +
      " not specified, by manual construction of an Endpoints object or EndpointSlice objects. If " +
      'clusterIP is "None", no virtual IP is allocated and the endpoints are published as a set of ' +
      'endpoints rather than a virtual IP. "NodePort" builds on ClusterIP and allocates a port on every' +
      ' node which routes to the same endpoints as the clusterIP. "LoadBalancer" builds on NodePort and' +
      " creates an external load-balancer (if supported in the current cloud) which routes to the same " +
      'endpoints as the clusterIP. "ExternalName" aliases this service to the specified externalName. ' +
      "Several other fields do not apply to ExternalName services. More info: " +
      "https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
    "Cluster-IP":
      "clusterIP is the IP address of the service and is usually assigned randomly. If an address is " +
      "specified manually, is in-range (as per system configuration), and is not in use, it will be " +
      "allocated to the service; otherwise creation of the service will fail. This field may not be " +
      "changed through updates unless the type field is also being changed to ExternalName (which " +
      "requires this field to be blank) or the type field is being changed from ExternalName (in which " +
      'case this field may optionally be specified, as describe above).  Valid values are "None", empty' +
      ' string (""), or a valid IP address. Setting this to "None" makes a "headless service" (no ' +
      "virtual IP), which is useful when direct endpoint connections are preferred and proxying is not " +
      "required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is " +
      "specified when creating a Service of type ExternalName, creation will fail. This field will be " +
      "wiped when updating a Service to type ExternalName. More info: " +
      "https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
    "External-IP":
      "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic " +
      "for this service.  These IPs are not managed by Kubernetes.  The user is responsible for " +
      "ensuring that traffic arrives at a node with this IP.  A common example is external " +
      "load-balancers that are not part of the Kubernetes system.",
    "Port(s)":
      "The list of ports that are exposed by this service. More info: " +
      "https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
    Selector:
      "Route service traffic to pods with label keys and values matching this selector. If empty or not" +
      " present, the service is assumed to have an external process managing its endpoints, which " +
      "Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored" +
      " if type is ExternalName. More info: " +
      "https://kubernetes.io/docs/concepts/services-networking/service/",
  },
  endpoints: {
    Endpoints:
      "The set of all endpoints is the union of all subsets. Addresses are placed into subsets " +
      "according to the IPs they share. A single address with multiple ports, some of which are ready " +
      "and some of which are not (because they come from different containers) will result in the " +
      "address being displayed in different subsets for the different ports. No address will appear in " +
      "both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that " +
      "comprise a service.",
  },
  "endpointslices.discovery.k8s.io": {
    AddressType:
      "addressType specifies the type of address carried by this EndpointSlice. All addresses in this " +
      "slice must be the same type. This field is immutable after creation. The following address types" +
      " are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 " +
      "Address. * FQDN: Represents a Fully Qualified Domain Name. (Deprecated) The EndpointSlice " +
      'controller only generates, and kube-proxy only processes, slices of addressType "IPv4" and ' +
      '"IPv6". No semantics are defined for the "FQDN" type.',
    Ports:
      "ports specifies the list of network ports exposed by each endpoint in this slice. Each port must" +
      " have a unique name. Each slice may include a maximum of 100 ports. Services always have at " +
      "least 1 port, so EndpointSlices generated by the EndpointSlice controller will likewise always " +
      "have at least 1 port. EndpointSlices used for other purposes may have an empty ports list.",
    Endpoints:
      "endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of 1000 " +
      "endpoints.",
  },
  namespaces: {
    Status: "The status of the namespace",
  },
  "horizontalpodautoscalers.autoscaling": {
    Reference:
      "scaleTargetRef points to the target resource to scale, and is used to the pods for which metrics" +
      " should be collected, as well as to actually change the replica count.",
    Targets:
      "metrics contains the specifications for which to use to calculate the desired replica count (the" +
      " maximum replica count across all metrics will be used).  The desired replica count is " +
      "calculated multiplying the ratio between the target value and the current value by the current " +
      "number of pods.  Ergo, metrics used must decrease as the pod count is increased, and vice-versa." +
      "  See the individual metric source types for more information about how each type of metric must" +
      " respond.",
    MinPods:
      "minReplicas is the lower limit for the number of replicas to which the autoscaler can scale " +
      "down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha feature gate " +
      "HPAScaleToZero is enabled and at least one Object or External metric is configured.  Scaling is " +
      "active as long as at least one metric value is available.",
    MaxPods:
      "maxReplicas is the upper limit for the number of replicas to which the autoscaler can scale up. " +
      "It cannot be less that minReplicas.",
    Replicas:
      "currentReplicas is current number of replicas of pods managed by this autoscaler, as last seen " +
      "by the autoscaler.",
  },
};
