package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
)

func electLeaders(ctx context.Context, env environment) error {
	var leaders, most atomic.Int32
	candidate := func(name string) (stop func(), done <-chan struct{}, err error) {
		lock, err := resourcelock.New(resourcelock.LeasesResourceLock, env.namespace, "leader",
			env.typed.CoreV1(), env.typed.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: name})
		if err != nil {
			return nil, nil, err
		}
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 4 * time.Second, RenewDeadline: 3 * time.Second, RetryPeriod: 200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { most.Store(max(most.Load(), leaders.Add(1))) },
				OnStoppedLeading: func() { leaders.Add(-1) },
			},
		})
		if err != nil {
			return nil, nil, err
		}
		own, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() { elector.Run(own); close(ended) }()
		return cancel, ended, nil
	}
	holds := func(name string) error {
		return until(ctx, name+" leads", func() (bool, error) {
			lease, err := env.typed.CoordinationV1().Leases(env.namespace).Get(ctx, "leader", metav1.GetOptions{})
			if err != nil {
				return false, ignoreNotFound(err)
			}
			return lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == name, nil
		})
	}
	stopOne, oneEnded, err := candidate("one")
	if err := first(err, holds("one")); err != nil {
		return err
	}
	stopTwo, twoEnded, err := candidate("two")
	if err != nil {
		return err
	}
	stopOne()
	<-oneEnded
	if err := holds("two"); err != nil {
		return err
	}
	lease, err := env.typed.CoordinationV1().Leases(env.namespace).Get(ctx, "leader", metav1.GetOptions{})
	stopTwo()
	<-twoEnded
	return first(err, expect("handed over", *lease.Spec.LeaseTransitions, 1), expect("leaders at a time", most.Load(), 1))
}

func recordEvents(ctx context.Context, env environment) error {
	about, err := env.typed.CoreV1().ConfigMaps(env.namespace).Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: env.typed.CoreV1().Events(env.namespace)})
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "check"})
	for range 3 {
		recorder.Event(about, corev1.EventTypeNormal, "Looked", "somebody looked")
	}
	return until(ctx, "one event that counts three", func() (bool, error) {
		list, err := env.typed.CoreV1().Events(env.namespace).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.name=a"})
		return err == nil && len(list.Items) == 1 && list.Items[0].Count == 3, err
	})
}

func reviewAccess(ctx context.Context, env environment) error {
	attributes := &authorizationv1.ResourceAttributes{Namespace: env.namespace, Verb: "get", Resource: "pods"}
	mine, err := env.typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("about oneself: %w", err)
	}
	others, err := env.typed.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: "nobody", ResourceAttributes: attributes},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("about another: %w", err)
	}
	return first(expect("the administrator may", mine.Status.Allowed, true), expect("nobody may", others.Status.Allowed, false))
}
