package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

func runInformers(ctx context.Context, env environment) error {
	factory := informers.NewSharedInformerFactoryWithOptions(env.typed, 0, informers.WithNamespace(env.namespace))
	maps := factory.Core().V1().ConfigMaps()
	told := &tally{}
	if _, err := maps.Informer().AddEventHandler(told.handler()); err != nil {
		return err
	}
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Pods().Informer(), factory.Core().V1().Services().Informer(), factory.Core().V1().Secrets().Informer(),
		factory.Apps().V1().Deployments().Informer(), factory.Discovery().V1().EndpointSlices().Informer(),
		factory.Coordination().V1().Leases().Informer(),
	} {
		_ = informer.HasSynced()
	}
	untyped := dynamicinformer.NewFilteredDynamicSharedInformerFactory(env.dynamic, 0, env.namespace, nil)
	services := untyped.ForResource(knativeServices)
	_ = services.Informer().HasSynced()
	factory.Start(ctx.Done())
	untyped.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%v was not synced", kind)
		}
	}
	for resource, synced := range untyped.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%v was not synced", resource)
		}
	}
	if err := writeAndDelete(ctx, env.typed, env.namespace, 30); err != nil {
		return err
	}
	if _, err := env.dynamic.Resource(knativeServices).Namespace(env.namespace).Create(ctx, knativeService("hello"), metav1.CreateOptions{}); err != nil {
		return err
	}
	return first(
		until(ctx, "the informer's cache is what is stored", func() (bool, error) { return sameAsStored(ctx, env, maps.Informer().GetStore()) }),
		until(ctx, "the dynamic informer saw the Service", func() (bool, error) {
			_, err := services.Lister().ByNamespace(env.namespace).Get("hello")
			return err == nil, nil
		}),
		told.expect(30, 30, 15),
	)
}

// tally counts what the handlers of an informer are told about objects named m-….
type tally struct {
	mutex                   sync.Mutex
	added, updated, deleted int
}

func (t *tally) handler() cache.ResourceEventHandler {
	count := func(into *int) func(any) {
		return func(object any) {
			if accessor, ok := object.(*corev1.ConfigMap); ok && accessor.Name[0] == 'm' {
				t.mutex.Lock()
				defer t.mutex.Unlock()
				*into++
			}
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    count(&t.added),
		UpdateFunc: func(_, object any) { count(&t.updated)(object) },
		DeleteFunc: count(&t.deleted),
	}
}

func (t *tally) expect(added, updated, deleted int) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return first(expect("added", t.added, added), expect("updated", t.updated, updated), expect("deleted", t.deleted, deleted))
}

// writeAndDelete makes objects m-0…, changes each once and deletes every second one.
func writeAndDelete(ctx context.Context, client kubernetes.Interface, namespace string, count int) error {
	maps := client.CoreV1().ConfigMaps(namespace)
	for n := range count {
		made, err := maps.Create(ctx, configMap(fmt.Sprintf("m-%d", n), map[string]string{"v": "0"}), metav1.CreateOptions{})
		if err != nil {
			return err
		}
		made.Data["v"] = "1"
		if _, err = maps.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
			return err
		}
		if n%2 == 1 {
			if err = maps.Delete(ctx, made.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
	}
	return nil
}

func sameAsStored(ctx context.Context, env environment, store cache.Store) (bool, error) {
	list, err := env.typed.CoreV1().ConfigMaps(env.namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.Everything().String()})
	if err != nil {
		return false, err
	}
	cached := store.List()
	if len(cached) != len(list.Items) {
		return false, nil
	}
	versions := map[string]string{}
	for _, object := range cached {
		versions[object.(*corev1.ConfigMap).Name] = object.(*corev1.ConfigMap).ResourceVersion
	}
	for _, stored := range list.Items {
		if versions[stored.Name] != stored.ResourceVersion {
			return false, nil
		}
	}
	return true, nil
}

const breaks = 100

func reconnect(ctx context.Context, env environment) error {
	wire, err := newBreakingWire(env.config)
	if err != nil {
		return err
	}
	defer wire.listener.Close()
	config := rest.CopyConfig(env.config)
	config.Host = "https://" + wire.listener.Addr().String()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	// An informer's engine, which waits less between attempts than the half minute that it takes by default.
	store := cache.NewStore(cache.MetaNamespaceKeyFunc)
	source := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "configmaps", env.namespace, fields.Everything())
	reflector := cache.NewReflectorWithOptions(source, &corev1.ConfigMap{}, store, cache.ReflectorOptions{
		Backoff: &wait.Backoff{Duration: 10 * time.Millisecond, Cap: 100 * time.Millisecond, Steps: 10, Factor: 2},
	})
	go reflector.RunWithContext(ctx)
	maps := env.typed.CoreV1().ConfigMaps(env.namespace)
	for n := range breaks {
		wire.breakAll()
		name := fmt.Sprintf("m-%d", n)
		if _, err := maps.Create(ctx, configMap(name, nil), metav1.CreateOptions{}); err != nil {
			return err
		}
		if n%3 == 2 {
			if err := maps.Delete(ctx, fmt.Sprintf("m-%d", n-1), metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
		what := fmt.Sprintf("the informer's word of what came after break %d", n+1)
		if err := until(ctx, what, func() (bool, error) {
			_, known, err := store.GetByKey(env.namespace + "/" + name)
			return known, err
		}); err != nil {
			return err
		}
	}
	if err := expectAtLeast("connections", wire.count(), breaks); err != nil {
		return err
	}
	return until(ctx, "the cache is what is stored", func() (bool, error) { return sameAsStored(ctx, env, store) })
}

// breakingWire passes connections on to the API server and cuts all of them when it is told to.
type breakingWire struct {
	listener net.Listener
	mutex    sync.Mutex
	open     []net.Conn
	accepted int
}

func newBreakingWire(config *rest.Config) (*breakingWire, error) {
	server, err := url.Parse(config.Host)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	wire := &breakingWire{listener: listener}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.DialTimeout("tcp", server.Host, 5*time.Second)
			if err != nil {
				client.Close()
				continue
			}
			wire.keep(client, upstream)
			go func() { _, _ = io.Copy(upstream, client); upstream.Close() }()
			go func() { _, _ = io.Copy(client, upstream); client.Close() }()
		}
	}()
	return wire, nil
}

func (w *breakingWire) keep(connections ...net.Conn) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.open = append(w.open, connections...)
	w.accepted++
}

func (w *breakingWire) breakAll() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for _, connection := range w.open {
		connection.Close()
	}
	w.open = nil
}

func (w *breakingWire) count() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.accepted
}
