package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// printSamples writes for each kind an object with a value in every field: as protobuf, and as JSON.
func printSamples() {
	serializer := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	kinds := []schema.GroupVersionKind{}
	for _, gv := range groupVersions {
		for kind, goType := range scheme.Scheme.KnownTypes(gv) {
			if isBody(kind, goType) {
				kinds = append(kinds, gv.WithKind(kind))
			}
		}
	}
	sort.Slice(kinds, func(i, j int) bool { return kinds[i].String() < kinds[j].String() })
	for _, kind := range kinds {
		object, err := scheme.Scheme.New(kind)
		exitOn(err)
		fill(reflect.ValueOf(object).Elem())
		object.GetObjectKind().SetGroupVersionKind(kind)
		var body strings.Builder
		exitOn(serializer.Encode(object, &body))
		inJSON, err := json.Marshal(object)
		exitOn(err)
		exitOn(json.NewEncoder(os.Stdout).Encode(map[string]any{
			"kind":     kind.String(),
			"protobuf": base64.StdEncoding.EncodeToString([]byte(body.String())),
			"json":     json.RawMessage(inJSON),
		}))
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var moment = time.Date(2025, 3, 4, 5, 6, 7, 8_000, time.UTC)

// fill gives every field that protobuf knows a value of its own, so that two fields cannot be taken for each other.
func fill(value reflect.Value) {
	switch into := value.Addr().Interface().(type) {
	case *metav1.Time:
		*into = metav1.NewTime(moment.Truncate(time.Second))
		return
	case *metav1.MicroTime:
		*into = metav1.NewMicroTime(moment)
		return
	case *resource.Quantity:
		*into = resource.MustParse(fmt.Sprintf("%dMi", next()))
		return
	case *intstr.IntOrString:
		*into = intstr.FromString(fmt.Sprintf("port-%d", next()))
		if next()%2 == 0 {
			*into = intstr.FromInt32(int32(next()))
		}
		return
	case *metav1.FieldsV1:
		into.Raw = []byte(`{"f:a":{}}`)
		return
	case *runtime.RawExtension:
		into.Raw = []byte(`{"a":1}`)
		return
	}
	fillPlain(value)
}

func fillPlain(value reflect.Value) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(fmt.Sprintf("text-%d", next()))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int32, reflect.Int64, reflect.Int:
		value.SetInt(int64(next()) - 500)
	case reflect.Uint8:
		value.SetUint(uint64(next() % 256))
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem())
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		fill(value.Index(0))
		fill(value.Index(1))
	case reflect.Map:
		key, entry := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
		fill(key)
		fill(entry)
		value.Set(reflect.MakeMap(value.Type()))
		value.SetMapIndex(key, entry)
	case reflect.Struct:
		for i := range value.NumField() {
			if value.Type().Field(i).Tag.Get("protobuf") != "" {
				fill(value.Field(i))
			}
		}
	}
}

var count int

func next() int {
	count++
	return count
}
