package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "example.com/app"}}},
			},
		},
	}
}

func useTypedClients(ctx context.Context, env environment) error {
	return first(useSecrets(ctx, env), useDeployments(ctx, env), useConfigMaps(ctx, env))
}

func useSecrets(ctx context.Context, env environment) error {
	secrets := env.typed.CoreV1().Secrets(env.namespace)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "s-"},
		StringData: map[string]string{"key": "value"},
	}
	made, err := secrets.Create(ctx, secret, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating a Secret: %w", err)
	}
	return first(
		expect("data", string(made.Data["key"]), "value"),
		expect("type", made.Type, corev1.SecretTypeOpaque),
		secrets.Delete(ctx, made.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &made.UID}}),
	)
}

func useDeployments(ctx context.Context, env environment) error {
	deployments := env.typed.AppsV1().Deployments(env.namespace)
	made, err := deployments.Create(ctx, deployment("web", 0), metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating a Deployment: %w", err)
	}
	if err := expect("replicas of zero are kept", *made.Spec.Replicas, 0); err != nil {
		return err
	}
	_, err = deployments.Patch(ctx, "web", types.StrategicMergePatchType,
		[]byte(`{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"A","value":"b"}]}]}}}}`), metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("strategic merge: %w", err)
	}
	patched, err := deployments.Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	scale, err := deployments.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("scale: %w", err)
	}
	scale.Spec.Replicas = 1
	if _, err = deployments.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("updating the scale: %w", err)
	}
	container := patched.Spec.Template.Spec.Containers[0]
	foreground := metav1.DeletePropagationForeground
	return first(
		expect("image after the patch", container.Image, "example.com/app"),
		expect("env after the patch", len(container.Env), 1),
		deployments.Delete(ctx, "web", metav1.DeleteOptions{PropagationPolicy: &foreground}),
		until(ctx, "the Deployment's end", func() (bool, error) {
			_, err := deployments.Get(ctx, "web", metav1.GetOptions{})
			return apierrors.IsNotFound(err), ignoreNotFound(err)
		}),
	)
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func useConfigMaps(ctx context.Context, env environment) error {
	maps := env.typed.CoreV1().ConfigMaps(env.namespace)
	made, err := maps.Create(ctx, configMap("a", map[string]string{"x": "1"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, again := maps.Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	changed := made.DeepCopy()
	changed.Data["x"] = "2"
	updated, err := maps.Update(ctx, changed, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	_, stale := maps.Update(ctx, made, metav1.UpdateOptions{})
	dry, err := maps.Create(ctx, configMap("dry", nil), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err
	}
	_, absent := maps.Get(ctx, dry.Name, metav1.GetOptions{})
	list, err := maps.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=a"})
	if err != nil {
		return err
	}
	return first(
		expectError("creating twice", again, apierrors.IsAlreadyExists),
		expectError("a stale update", stale, apierrors.IsConflict),
		expectError("a dry run's object", absent, apierrors.IsNotFound),
		expect("data", updated.Data["x"], "2"),
		expect("items", len(list.Items), 1),
		maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=a"}),
	)
}

func retryOnConflict(ctx context.Context, env environment) error {
	maps := env.typed.CoreV1().ConfigMaps(env.namespace)
	if _, err := maps.Create(ctx, configMap("counter", map[string]string{"n": "0"}), metav1.CreateOptions{}); err != nil {
		return err
	}
	backoff := retry.DefaultBackoff
	backoff.Steps = 1000
	var writers sync.WaitGroup
	failures := make([]error, 10)
	for writer := range failures {
		writers.Go(func() {
			for range 10 {
				failures[writer] = errors.Join(failures[writer], retry.RetryOnConflict(backoff, func() error {
					current, err := maps.Get(ctx, "counter", metav1.GetOptions{})
					if err != nil {
						return err
					}
					n, _ := strconv.Atoi(current.Data["n"])
					current.Data["n"] = strconv.Itoa(n + 1)
					_, err = maps.Update(ctx, current, metav1.UpdateOptions{})
					return err
				}))
			}
		})
	}
	writers.Wait()
	counter, err := maps.Get(ctx, "counter", metav1.GetOptions{})
	return first(errors.Join(failures...), err, expect("counted", counter.Data["n"], "100"))
}

func listInPages(ctx context.Context, env environment) error {
	maps := env.typed.CoreV1().ConfigMaps(env.namespace)
	for n := range 53 {
		if _, err := maps.Create(ctx, configMap(fmt.Sprintf("m-%02d", n), nil), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	pages := 0
	list := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		pages++
		if pages == 3 {
			// What comes in between belongs to a later state than the list's.
			if _, err := maps.Create(ctx, configMap("m-99", nil), metav1.CreateOptions{}); err != nil {
				return nil, err
			}
		}
		options.LabelSelector = "!never"
		return maps.List(ctx, options)
	})
	list.PageSize = 10
	seen := map[string]bool{}
	err := list.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		seen[object.(*corev1.ConfigMap).Name] = true
		return nil
	})
	delete(seen, "kube-root-ca.crt")
	return first(err, expect("listed", len(seen), 53), expect("the later one is listed", seen["m-99"], false))
}
