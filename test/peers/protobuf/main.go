// Prints how Kubernetes' typed clients write the built-in kinds as protobuf: for each message its fields as
// "number name type flags GoName", in the order of the Go types, from whose tags they are read; the last where it is
// not the name with a capital. The engine's decoder works from this table.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

var groupVersions = []schema.GroupVersion{
	{Version: "v1"},
	{Group: "apps", Version: "v1"},
	{Group: "autoscaling", Version: "v1"},
	{Group: "autoscaling", Version: "v2"},
	{Group: "authentication.k8s.io", Version: "v1"},
	{Group: "authorization.k8s.io", Version: "v1"},
	{Group: "admissionregistration.k8s.io", Version: "v1"},
	{Group: "batch", Version: "v1"},
	{Group: "coordination.k8s.io", Version: "v1"},
	{Group: "discovery.k8s.io", Version: "v1"},
	{Group: "events.k8s.io", Version: "v1"},
	{Group: "policy", Version: "v1"},
	{Group: "rbac.authorization.k8s.io", Version: "v1"},
}

// Types that are one value in JSON although they are messages in protobuf.
var values = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():          "time",
	reflect.TypeFor[metav1.MicroTime]():     "microTime",
	reflect.TypeFor[metav1.Duration]():      "duration",
	reflect.TypeFor[metav1.FieldsV1]():      "json",
	reflect.TypeFor[runtime.RawExtension](): "json",
	reflect.TypeFor[resource.Quantity]():    "quantity",
	reflect.TypeFor[intstr.IntOrString]():   "intOrString",
}

type table struct {
	Kinds    map[string]string `json:"kinds"`
	Messages map[string]string `json:"messages"`
}

// Without an argument the table, with the argument samples one object of each kind in both forms, with read and a file
// the objects that somebody else wrote.
func main() {
	if len(os.Args) > 2 {
		readObjects(os.Args[2])
		return
	}
	if len(os.Args) > 1 {
		printSamples()
		return
	}
	out := table{Kinds: map[string]string{}, Messages: map[string]string{}}
	for _, gv := range groupVersions {
		for kind, goType := range scheme.Scheme.KnownTypes(gv) {
			// A list is never sent; nodes, volumes and admission policies are no business of one machine.
			if isBody(kind, goType) {
				out.Kinds[bodyKey(gv, kind)] = out.add(goType)
			}
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Options are the same in each group, so they stand once.
func bodyKey(gv schema.GroupVersion, kind string) string {
	if kind == "DeleteOptions" {
		return kind
	}
	return gv.String() + "/" + kind
}

func isBody(kind string, goType reflect.Type) bool {
	if kind == "DeleteOptions" {
		return goType.PkgPath() == "k8s.io/apimachinery/pkg/apis/meta/v1"
	}
	for _, prefix := range []string{"Node", "PersistentVolume", "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"} {
		if strings.HasPrefix(kind, prefix) && kind != "PersistentVolumeClaim" {
			return false
		}
	}
	_, hasMetadata := goType.FieldByName("ObjectMeta")
	return hasMetadata && !strings.HasSuffix(kind, "List")
}

// add writes the message of a struct, and those that it contains, into the table and returns its name.
func (t *table) add(goType reflect.Type) string {
	path := strings.Split(goType.PkgPath(), "/")
	name := strings.Join(path[len(path)-2:], ".") + "." + goType.Name()
	if _, known := t.Messages[name]; known {
		return name
	}
	t.Messages[name] = ""
	fields := []string{}
	for i := range goType.NumField() {
		if line, ok := t.field(goType.Field(i)); ok {
			fields = append(fields, line)
		}
	}
	t.Messages[name] = strings.Join(fields, ", ")
	return name
}

func (t *table) field(field reflect.StructField) (string, bool) {
	tag := field.Tag.Get("protobuf")
	if tag == "" {
		return "", false
	}
	number := strings.Split(tag, ",")[1]
	jsonTag := strings.Split(field.Tag.Get("json"), ",")
	flags := ""
	goType := field.Type
	if goType.Kind() == reflect.Pointer {
		flags += "p"
		goType = goType.Elem()
	}
	if goType.Kind() == reflect.Slice && goType.Elem().Kind() != reflect.Uint8 {
		flags += "l"
		goType = goType.Elem()
	}
	if len(jsonTag) > 1 && jsonTag[1] == "omitempty" {
		flags += "e"
	}
	name := jsonTag[0]
	if name == "" {
		name = "-"
		flags += "i"
	}
	line := []string{number, name, t.typeName(goType)}
	goName := field.Name
	if name == "-" || goName == strings.ToUpper(name[:1])+name[1:] {
		goName = ""
	}
	if flags == "" && goName != "" {
		flags = "."
	}
	return strings.TrimRight(strings.Join(append(line, flags, goName), " "), " "), true
}

func (t *table) typeName(goType reflect.Type) string {
	if value, known := values[goType]; known {
		return value
	}
	switch goType.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "flag"
	case reflect.Int32, reflect.Int64, reflect.Int, reflect.Uint8:
		return "number"
	case reflect.Float64:
		return "double"
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		// A named list of texts is a message of its own.
		return "items"
	case reflect.Map:
		return "map:" + t.typeName(goType.Elem())
	case reflect.Struct:
		return t.add(goType)
	default:
		panic(fmt.Sprintf("no protobuf type for %v", goType))
	}
}
