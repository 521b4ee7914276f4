// probe is the smallest program that shows whether a cluster works.
//
//	probe serve ADDRESS    answers every HTTP request with the name of its pod, until told to stop
//	probe get URL          asks once, with a deadline, and prints the answer; fails when there is none
//	probe resolve NAME     prints the addresses of a name
//	probe sleep            waits until told to stop
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// One question and its answer.
const deadline = 5 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(words []string) error {
	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	switch {
	case len(words) == 2 && words[0] == "serve":
		return serve(stopped, words[1])
	case len(words) == 2 && words[0] == "get":
		return get(stopped, words[1])
	case len(words) == 2 && words[0] == "resolve":
		return resolve(stopped, words[1])
	case len(words) == 1 && words[0] == "sleep":
		<-stopped.Done()
		return nil
	}
	return fmt.Errorf("say one of: serve ADDRESS, get URL, resolve NAME, sleep")
}

func serve(stopped context.Context, address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	server := http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, name)
	})}
	go func() {
		<-stopped.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func get(stopped context.Context, url string) error {
	ctx, cancel := context.WithTimeout(stopped, deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func resolve(stopped context.Context, name string) error {
	ctx, cancel := context.WithTimeout(stopped, deadline)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addresses, " "))
	return nil
}
