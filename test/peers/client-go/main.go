// Uses the engine's API as controllers and operators written with client-go do, and prints one line of JSON for each
// check: its name, and what went wrong when something did.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const checkTime = 90 * time.Second

type environment struct {
	config  *rest.Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface
	// A namespace of the check's own.
	namespace string
}

type check struct {
	name string
	run  func(context.Context, environment) error
}

var checks = []check{
	{"discovery lists groups, kinds and their short names, and OpenAPI describes them", discover},
	{"a RESTMapper finds kinds by resource, kind and short name", mapResources},
	{"typed clients create, read, update, patch, list and delete", useTypedClients},
	{"typed clients that take protobuf alone see the same objects, lists and changes", useProtobufAlone},
	{"a hundred writers of one object lose no update", retryOnConflict},
	{"a list in pages is one consistent list", listInPages},
	{"server-side apply owns fields, refuses conflicts and can be forced", apply},
	{"the dynamic client handles Knative's Services", useDynamicClient},
	{"the metadata client sees metadata alone", useMetadataClient},
	{"informers hold what is stored and tell each change once", runInformers},
	{"an informer survives 100 broken connections without losing a change", reconnect},
	{"leader election has one leader at a time and hands over", electLeaders},
	{"an event recorder's events arrive, repeated ones counted", recordEvents},
	{"access reviews answer for the caller and for others", reviewAccess},
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	exitOn(err)
	config.QPS, config.Burst = 1000, 2000
	typed, err := kubernetes.NewForConfig(config)
	exitOn(err)
	untyped, err := dynamic.NewForConfig(config)
	exitOn(err)
	for index, check := range checks {
		env := environment{config, typed, untyped, fmt.Sprintf("check-%d", index)}
		report(check.name, runCheck(check, env))
	}
}

func runCheck(check check, env environment) error {
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: env.namespace}}
	if _, err := env.typed.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("namespace: %w", err)
	}
	return check.run(ctx, env)
}

func report(name string, err error) {
	line := map[string]string{"name": name}
	if err != nil {
		line["failure"] = err.Error()
	}
	exitOn(json.NewEncoder(os.Stdout).Encode(line))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// until asks every 50 ms; what is still missing at the end is the error.
func until(ctx context.Context, what string, holds func() (bool, error)) error {
	for {
		found, err := holds()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if found {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not come true", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func expect[T comparable](what string, got, want T) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: got %v, want %v", what, got, want)
}

// first returns the first error of a list of expectations.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func expectError(what string, err error, is func(error) bool) error {
	if err == nil || !is(err) {
		return fmt.Errorf("%s: got %v", what, err)
	}
	return nil
}

func contains(what, text, part string) error {
	if strings.Contains(text, part) {
		return nil
	}
	return fmt.Errorf("%s: %q does not contain %q", what, text, part)
}

func expectAtLeast(what string, got, least int) error {
	if got >= least {
		return nil
	}
	return fmt.Errorf("%s: got %d, want at least %d", what, got, least)
}
