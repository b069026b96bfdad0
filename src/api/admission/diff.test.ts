import assert from "node:assert/strict";
import { test } from "node:test";
import { shortDiff } from "./diff.ts";

const spec = (container: object, more: object = {}) => ({
  containers: [{ name: "c", image: "a", ...container }],
  ...more,
});
const TOP = "{v1.RevisionSpec}";
const FIRST = `${TOP}.PodSpec.Containers[0]`;

test("equal specs have no difference, and what is empty equals what is missing", () => {
  assert.equal(shortDiff("v1.RevisionSpec", spec({ env: [] }), spec({})), "");
});

test("fields come in Go's order with Go's names, those of the revision after the pod's", () => {
  const updated = { ...spec({ image: "b", name: "d" }), timeoutSeconds: 5 };
  assert.equal(
    shortDiff("v1.RevisionSpec", { ...spec({}), timeoutSeconds: 300 }, updated),
    `${FIRST}.Name:\n\t-: "c"\n\t+: "d"\n${FIRST}.Image:\n\t-: "a"\n\t+: "b"\n` +
      `*${TOP}.TimeoutSeconds:\n\t-: "300"\n\t+: "5"\n`,
  );
});

test("a struct behind a pointer is told in its own words, one that is not there is nil", () => {
  const probe = { httpGet: { path: "/", port: "http" }, periodSeconds: 3 };
  const text =
    "&Probe{ProbeHandler:ProbeHandler{Exec:nil,HTTPGet:&HTTPGetAction{Path:/,Port:{1 0 http},Host:,Scheme:," +
    "HTTPHeaders:[]HTTPHeader{},},TCPSocket:nil,GRPC:nil,},InitialDelaySeconds:0,TimeoutSeconds:0,PeriodSeconds:3," +
    "SuccessThreshold:0,FailureThreshold:0,TerminationGracePeriodSeconds:nil,}";
  assert.equal(
    shortDiff("v1.RevisionSpec", spec({}), spec({ livenessProbe: probe })),
    `${FIRST}.LivenessProbe:\n\t-: "nil"\n\t+: "${text}"\n`,
  );
  const other = { ...probe, httpGet: { path: "/x", port: "http" } };
  assert.equal(
    shortDiff("v1.RevisionSpec", spec({ livenessProbe: probe }), spec({ livenessProbe: other })),
    `${FIRST}.LivenessProbe.ProbeHandler.HTTPGet.Path:\n\t-: "/"\n\t+: "/x"\n`,
  );
});

test("elements that came or went are told with their place and type", () => {
  const [a, b] = [
    { name: "A", value: "1" },
    { name: "B", value: "2" },
  ];
  const alone = '\t-: v1.EnvVar: "{Name:A Value:1 ValueFrom:nil}"\n';
  assert.equal(
    shortDiff("v1.RevisionSpec", spec({ env: [a, b] }), spec({ env: [b] })),
    `${FIRST}.Env[0->?]:\n${alone}`,
  );
  assert.equal(
    shortDiff("v1.RevisionSpec", spec({ env: [b] }), spec({ env: [b, a] })),
    `${FIRST}.Env[?->1]:\n${alone.replace("-:", "+:")}`,
  );
});

test("maps are compared key by key, and quantities are shown as Go holds them", () => {
  const limits = (cpu: string) => spec({ resources: { limits: { cpu, memory: "1Gi" } } });
  const held = (value: number, text: string) =>
    `resource.Quantity: "{i:{value:${value} scale:-3} d:{Dec:<nil>} s:${text} Format:DecimalSI}"`;
  assert.equal(
    shortDiff("v1.RevisionSpec", limits("100m"), limits("200m")),
    `${FIRST}.Resources.Limits["cpu"]:\n\t-: ${held(100, "100m")}\n\t+: ${held(200, "200m")}\n`,
  );
});
