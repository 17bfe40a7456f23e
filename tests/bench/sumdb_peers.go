// Peers of hermod-sumdb's log under the same load; lines of "name value", as logbench's.
//
//	peers tessera DIR COUNT SECONDS   Tessera's POSIX driver: COUNT records with many
//	                                  waiting, then one after the other from 64 sides
//	peers xmod SIZE                   x/mod's in-memory test server over HTTP, filled
//	                                  with SIZE records; "listening on URL" on stderr
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func record(path string) []byte {
	h := fmt.Sprintf("%043d=", len(path))
	return []byte(path + " v1.0.0 h1:" + h + "\n" + path + " v1.0.0/go.mod h1:" + h + "\n")
}

func runTessera(dir string, count, seconds int) {
	ctx := context.Background()
	skey, _, err := note.GenerateKey(nil, "bench.example")
	check(err)
	signer, err := note.NewSigner(skey)
	check(err)
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	check(err)
	opts := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(4096, 5*time.Millisecond).WithPushback(65536)
	log, shutdown, _, err := tessera.NewAppender(ctx, driver, opts)
	check(err)

	c, start := cpu(), time.Now()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16384)
	for i := range count {
		wg.Add(1)
		slots <- struct{}{}
		f := log.Add(ctx, tessera.NewEntry(record(fmt.Sprintf("example.com/bench/m%d", i))))
		go func() {
			_, err := f()
			check(err)
			<-slots
			wg.Done()
		}()
	}
	wg.Wait()
	took := time.Since(start).Seconds()
	fmt.Printf("appends_per_second %.0f\nappend_cpu_us %.2f\n", float64(count)/took, (cpu()-c)*1e6/float64(count))

	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	for range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(until) {
				start := time.Now()
				_, err := log.Add(ctx, tessera.NewEntry(record(fmt.Sprintf("example.com/single/m%d", next.Add(1)))))()
				check(err)
				took := time.Since(start)
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	fmt.Printf("single_p50_us %.1f\nsingle_p99_us %.1f\n", us(all[len(all)/2]), us(all[len(all)*99/100]))
	check(shutdown(ctx))
}

func runXmod(size int) {
	skey, _, err := note.GenerateKey(nil, "bench.example")
	check(err)
	ops := sumdb.NewTestServer(skey, func(path, version string) ([]byte, error) { return record(path), nil })
	c, start := cpu(), time.Now()
	for i := range size {
		_, err := ops.Lookup(context.Background(), module.Version{Path: fmt.Sprintf("example.com/bench/m%d", i), Version: "v1.0.0"})
		check(err)
	}
	fmt.Printf("appends_per_second %.0f\nappend_cpu_us %.2f\n", float64(size)/time.Since(start).Seconds(), (cpu()-c)*1e6/float64(size))
	mux := http.NewServeMux()
	for _, p := range sumdb.ServerPaths {
		mux.Handle(p, sumdb.NewServer(ops))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", l.Addr())
	check(http.Serve(l, mux))
}

func main() {
	n := func(i int) int { v, err := strconv.Atoi(os.Args[i]); check(err); return v }
	switch os.Args[1] {
	case "tessera":
		runTessera(os.Args[2], n(3), n(4))
	case "xmod":
		runXmod(n(2))
	}
}
