//go:build e2e

// Package conformance holds Knative's suites in the module, so that go.mod and go.sum name all that they need.
package conformance

import (
	_ "knative.dev/serving/test/conformance/api/v1"
	_ "knative.dev/serving/test/conformance/api/v1beta1"
	_ "knative.dev/serving/test/conformance/runtime"
)
