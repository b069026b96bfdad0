package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/client-go/kubernetes/scheme"
)

// Reads protobuf objects from a file, one in base64 a line, as a typed client does, and prints each as Go writes it in
// JSON.
func readObjects(path string) {
	file, err := os.Open(path)
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		body, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		object, gvk, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
		if err != nil {
			fmt.Printf("%q\n", err.Error())
			continue
		}
		object.GetObjectKind().SetGroupVersionKind(*gvk)
		text, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(text))
	}
}
