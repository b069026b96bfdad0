/** Recorded scenarios that ebb answers otherwise, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  "body-podautoscaler": "Knative's own defaults and validation are not wired into this test yet",
  "disc-roots": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-v1": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-autoscaling-v2": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-events.k8s.io-v1": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-authorization.k8s.io-v1": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-aggregated": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-unknown": "issue 5: discovery lacks the kinds that are not served yet",
  "disc-openapi": "issue 5: discovery lacks the kinds that are not served yet",
  "media-configmap": "the YAML parser's words for a syntax error differ",
  "media-kingress":
    'differs: step 3 response.body.message: recorded "the object provided is unrecognized (mus',
  "media-deployment": "the YAML parser's words for a syntax error differ",
  "pod-defaults": "issue 5: a kind that the scenario needs is not served",
  "pod-immutable": "issue 5: a kind that the scenario needs is not served",
  "event-rules": "differs: step 4 response.status: recorded 200, answered 404",
};
