package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

const protobuf = "application/vnd.kubernetes.protobuf"

// A client that takes nothing but the given type, and refuses an answer in another.
func speaking(config *rest.Config, contentType string) *rest.Config {
	only := rest.CopyConfig(config)
	only.ContentType, only.AcceptContentTypes = contentType, contentType
	only.Wrap(func(next http.RoundTripper) http.RoundTripper { return &oneType{next, contentType} })
	return only
}

type oneType struct {
	next        http.RoundTripper
	contentType string
}

func (t *oneType) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(request)
	if err == nil && !strings.HasPrefix(response.Header.Get("Content-Type"), t.contentType) {
		response.Body.Close()
		return nil, fmt.Errorf("%s %s answered in %s", request.Method, request.URL.Path, response.Header.Get("Content-Type"))
	}
	return response, err
}

func useProtobufAlone(ctx context.Context, env environment) error {
	config := speaking(env.config, protobuf)
	binary, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	text, err := kubernetes.NewForConfig(speaking(env.config, "application/json"))
	if err != nil {
		return err
	}
	binaryEnv := env
	binaryEnv.typed, binaryEnv.config = binary, config
	informer := informers.NewSharedInformerFactoryWithOptions(binary, 0, informers.WithNamespace(env.namespace)).Core().V1().ConfigMaps().Informer()
	told := &tally{}
	if _, err := informer.AddEventHandler(told.handler()); err != nil {
		return err
	}
	go informer.Run(ctx.Done())
	return first(
		useTypedClients(ctx, binaryEnv),
		writeAndDelete(ctx, binary, env.namespace, 30),
		until(ctx, "the informer's cache is what is stored", func() (bool, error) { return sameAsStored(ctx, env, informer.GetStore()) }),
		sameLists(ctx, binary, text),
		metadataInProtobuf(ctx, config, env.namespace),
		expectError("an object that is not there", notThere(ctx, binary, env.namespace), apierrors.IsNotFound),
	)
}

// Each list through both clients; objects written in between differ in their version and are passed over.
func sameLists(ctx context.Context, binary, text kubernetes.Interface) error {
	for name, list := range lists {
		inBinary, err := list(ctx, binary)
		if err != nil {
			return fmt.Errorf("%s in protobuf: %w", name, err)
		}
		inText, err := list(ctx, text)
		if err != nil {
			return err
		}
		wanted := map[string]string{}
		for _, one := range itemsOf(inText) {
			wanted[keyOf(one)] = one
		}
		for _, one := range itemsOf(inBinary) {
			if same, found := wanted[keyOf(one)]; found && same != one {
				return fmt.Errorf("%s: in protobuf %s, in JSON %s", name, one, same)
			}
		}
	}
	return nil
}

var lists = map[string]func(context.Context, kubernetes.Interface) (any, error){
	"namespaces": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Namespaces().List(ctx, all)
	},
	"pods": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Pods("").List(ctx, all)
	},
	"services": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Services("").List(ctx, all)
	},
	"secrets": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Secrets("").List(ctx, all)
	},
	"configmaps": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().ConfigMaps("").List(ctx, all)
	},
	"serviceaccounts": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().ServiceAccounts("").List(ctx, all)
	},
	"events": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Events("").List(ctx, all)
	},
	"endpoints": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoreV1().Endpoints("").List(ctx, all)
	},
	"slices": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.DiscoveryV1().EndpointSlices("").List(ctx, all)
	},
	"deployments": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.AppsV1().Deployments("").List(ctx, all)
	},
	"replicasets": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.AppsV1().ReplicaSets("").List(ctx, all)
	},
	"leases": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.CoordinationV1().Leases("").List(ctx, all)
	},
	"clusterroles": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.RbacV1().ClusterRoles().List(ctx, all)
	},
	"bindings": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.RbacV1().ClusterRoleBindings().List(ctx, all)
	},
	"autoscalers": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.AutoscalingV2().HorizontalPodAutoscalers("").List(ctx, all)
	},
	"webhooks": func(ctx context.Context, c kubernetes.Interface) (any, error) {
		return c.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, all)
	},
}

var all = metav1.ListOptions{}

func itemsOf(list any) []string {
	text, _ := json.Marshal(list)
	var read struct{ Items []json.RawMessage }
	_ = json.Unmarshal(text, &read)
	items := []string{}
	for _, item := range read.Items {
		items = append(items, string(item))
	}
	return items
}

func keyOf(item string) string {
	var read metav1.PartialObjectMetadata
	_ = json.Unmarshal([]byte(item), &read)
	return fmt.Sprint(read.UID, "/", read.ResourceVersion)
}

func metadataInProtobuf(ctx context.Context, config *rest.Config, namespace string) error {
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return err
	}
	accounts := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}).Namespace(namespace)
	if err := until(ctx, "the namespace's service account", func() (bool, error) {
		_, err := accounts.Get(ctx, "default", metav1.GetOptions{})
		return err == nil, ignoreNotFound(err)
	}); err != nil {
		return err
	}
	list, err := accounts.List(ctx, all)
	if err != nil {
		return err
	}
	return first(expect("accounts", len(list.Items), 1), expect("name", list.Items[0].Name, "default"))
}

func notThere(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().Pods(namespace).Get(ctx, "nobody", metav1.GetOptions{})
	return err
}
