package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

func discover(_ context.Context, env environment) error {
	client := discovery.NewDiscoveryClientForConfigOrDie(env.config)
	groups, resources, err := client.ServerGroupsAndResources()
	if err != nil {
		return err
	}
	byVersion := map[string]map[string]string{}
	for _, list := range resources {
		byVersion[list.GroupVersion] = map[string]string{}
		for _, resource := range list.APIResources {
			byVersion[list.GroupVersion][resource.Name] = resource.Kind
		}
	}
	for _, want := range []struct{ version, resource, kind string }{
		{"v1", "pods", "Pod"},
		{"v1", "pods/log", "Pod"},
		{"apps/v1", "deployments/scale", "Scale"},
		{"serving.knative.dev/v1", "services", "Service"},
		{"serving.knative.dev/v1", "services/status", "Service"},
		{"coordination.k8s.io/v1", "leases", "Lease"},
	} {
		if err := expect(want.version+" "+want.resource, byVersion[want.version][want.resource], want.kind); err != nil {
			return err
		}
	}
	paths, err := client.OpenAPIV3().Paths()
	if err != nil {
		return err
	}
	for _, group := range groups {
		for _, version := range group.Versions {
			path := "apis/" + version.GroupVersion
			if group.Name == "" {
				path = "api/" + version.Version
			}
			if paths[path] == nil {
				return fmt.Errorf("OpenAPI has no document for %s", path)
			}
		}
	}
	document, err := paths["apis/serving.knative.dev/v1"].Schema("application/json")
	if err != nil {
		return err
	}
	if _, err := client.OpenAPISchema(); err != nil {
		return fmt.Errorf("OpenAPI v2: %w", err)
	}
	version, err := client.ServerVersion()
	return first(err, contains("OpenAPI", string(document), "containerConcurrency"), expect("major", version.Major, "1"))
}

func mapResources(_ context.Context, env environment) error {
	client := memory.NewMemCacheClient(discovery.NewDiscoveryClientForConfigOrDie(env.config))
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(client), client, func(string) {})
	for short, want := range map[string]string{"ksvc": "services", "rev": "revisions", "deploy": "deployments", "cm": "configmaps", "rt": "routes"} {
		found, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: short})
		if err := first(err, expect(short, found.Resource, want)); err != nil {
			return err
		}
	}
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "serving.knative.dev", Kind: "Service"}, "v1")
	if err != nil {
		return err
	}
	cluster, err := mapper.RESTMapping(schema.GroupKind{Kind: "Namespace"}, "v1")
	return first(
		err,
		expect("resource", mapping.Resource.Resource, "services"),
		expect("scope", string(mapping.Scope.Name()), "namespace"),
		expect("scope of a namespace", string(cluster.Scope.Name()), "root"),
	)
}
