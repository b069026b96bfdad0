// Command http-clients asks one URL many times with Go's net/http, keep-alive and side by side, and sends one large body.
package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
)

func main() {
	base := os.Args[1]
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for request := 0; request < 100; request++ {
				if text := ask(base+"/bytes?n=11", nil); len(text) != 11 {
					fail(fmt.Errorf("%d bytes instead of 11", len(text)))
				}
			}
		}()
	}
	group.Wait()
	body := bytes.Repeat([]byte("0123456789abcdef!"), 2_000_000)
	want := fmt.Sprintf("%x", sha256.Sum256(body))
	if got := ask(base+"/sum", body); got != want {
		fail(fmt.Errorf("the sum is %s, not %s", got, want))
	}
	fmt.Println("ok")
}

func ask(url string, body []byte) string {
	method := http.MethodGet
	var reader io.Reader
	if body != nil {
		method, reader = http.MethodPost, bytes.NewReader(body)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		fail(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fail(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		fail(fmt.Errorf("status %d, %v", response.StatusCode, err))
	}
	return string(text)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
