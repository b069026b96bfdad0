package main

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	appsac "k8s.io/client-go/applyconfigurations/apps/v1"
	coreac "k8s.io/client-go/applyconfigurations/core/v1"
	metaac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/metadata"
)

var knativeServices = schema.GroupVersionResource{Group: "serving.knative.dev", Version: "v1", Resource: "services"}

func apply(ctx context.Context, env environment) error {
	maps := env.typed.CoreV1().ConfigMaps(env.namespace)
	mine := coreac.ConfigMap("a", env.namespace).WithData(map[string]string{"x": "1", "y": "1"})
	if _, err := maps.Apply(ctx, mine, metav1.ApplyOptions{FieldManager: "one"}); err != nil {
		return fmt.Errorf("first apply: %w", err)
	}
	theirs := coreac.ConfigMap("a", env.namespace).WithData(map[string]string{"x": "2"})
	_, conflict := maps.Apply(ctx, theirs, metav1.ApplyOptions{FieldManager: "two"})
	if _, err := maps.Apply(ctx, theirs, metav1.ApplyOptions{FieldManager: "two", Force: true}); err != nil {
		return fmt.Errorf("forced apply: %w", err)
	}
	less := coreac.ConfigMap("a", env.namespace)
	after, err := maps.Apply(ctx, less, metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return err
	}
	_, hasY := after.Data["y"]
	return first(
		expectError("a conflict", conflict, apierrors.IsConflict),
		expect("what the other one owns", after.Data["x"], "2"),
		expect("what nobody owns any more is there", hasY, false),
		applyDeployment(ctx, env),
		extractFields(ctx, env),
	)
}

// Lists are merged by their keys: each manager owns its container.
func applyDeployment(ctx context.Context, env environment) error {
	deployments := env.typed.AppsV1().Deployments(env.namespace)
	with := func(container string) *appsac.DeploymentApplyConfiguration {
		labels := map[string]string{"app": "web"}
		return appsac.Deployment("web", env.namespace).WithSpec(appsac.DeploymentSpec().
			WithReplicas(0).
			WithSelector(metaac.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(coreac.PodTemplateSpec().WithLabels(labels).WithSpec(coreac.PodSpec().
				WithContainers(coreac.Container().WithName(container).WithImage("example.com/" + container)))))
	}
	if _, err := deployments.Apply(ctx, with("app"), metav1.ApplyOptions{FieldManager: "one"}); err != nil {
		return fmt.Errorf("applying a Deployment: %w", err)
	}
	both, err := deployments.Apply(ctx, with("sidecar"), metav1.ApplyOptions{FieldManager: "two"})
	if err != nil {
		return fmt.Errorf("applying a second container: %w", err)
	}
	return expect("containers", len(both.Spec.Template.Spec.Containers), 2)
}

// What a manager owns can be read back from managedFields.
func extractFields(ctx context.Context, env environment) error {
	live, err := env.typed.CoreV1().ConfigMaps(env.namespace).Get(ctx, "a", metav1.GetOptions{})
	if err != nil {
		return err
	}
	owned, err := coreac.ExtractConfigMap(live, "two")
	if err != nil {
		return fmt.Errorf("extracting from managedFields: %w", err)
	}
	return expect("extracted", owned.Data["x"], "2")
}

func knativeService(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	text := fmt.Sprintf(`{"apiVersion":"serving.knative.dev/v1","kind":"Service","metadata":{"name":%q,"labels":{"a":"b"}},
		"spec":{"template":{"spec":{"containers":[{"image":"example.com/none"}]}}}}`, name)
	exitOn(json.Unmarshal([]byte(text), object))
	return object
}

func useDynamicClient(ctx context.Context, env environment) error {
	services := env.dynamic.Resource(knativeServices).Namespace(env.namespace)
	watcher, err := services.Watch(ctx, metav1.ListOptions{LabelSelector: "a=b"})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	made, err := services.Create(ctx, knativeService("hello"), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	seconds, _, _ := unstructured.NestedInt64(made.Object, "spec", "template", "spec", "timeoutSeconds")
	event := <-watcher.ResultChan()
	if err := first(expect("default", seconds, 300), expect("event", event.Type, watch.Added)); err != nil {
		return err
	}
	applied, err := services.Apply(ctx, "applied", withoutLabels(knativeService("applied")), metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return fmt.Errorf("applying: %w", err)
	}
	bad := knativeService("bad")
	exitOn(unstructured.SetNestedField(bad.Object, int64(-1), "spec", "template", "spec", "timeoutSeconds"))
	_, refused := services.Create(ctx, bad, metav1.CreateOptions{})
	return first(
		expect("applied", applied.GetName(), "applied"),
		expectError("a time-out below zero", refused, apierrors.IsBadRequest),
		services.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}),
		until(ctx, "the deletion", func() (bool, error) {
			list, err := services.List(ctx, metav1.ListOptions{})
			return err == nil && len(list.Items) == 0, err
		}),
	)
}

func withoutLabels(object *unstructured.Unstructured) *unstructured.Unstructured {
	object.SetLabels(nil)
	return object
}

func useMetadataClient(ctx context.Context, env environment) error {
	if _, err := env.typed.CoreV1().ConfigMaps(env.namespace).Create(ctx, configMap("a", map[string]string{"x": "1"}), metav1.CreateOptions{}); err != nil {
		return err
	}
	client, err := metadata.NewForConfig(env.config)
	if err != nil {
		return err
	}
	maps := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(env.namespace)
	one, err := maps.Get(ctx, "a", metav1.GetOptions{})
	if err != nil {
		return err
	}
	list, err := maps.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=a"})
	if err != nil {
		return err
	}
	return first(
		expect("uid", len(one.UID), 36),
		expect("name", one.Name, "a"),
		expect("listed", len(list.Items), 1),
	)
}
