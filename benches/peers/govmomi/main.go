// govmomi as a benchmark peer: decodes a captured answer, or retrieves from a server.
//
//	govmomi_peer [-allocs] decode FILE N      decode FILE in memory N times, print the median
//	govmomi_peer retrieve URL N               retrieve all virtual machines N times, print objects a second and the memory it took
//
// -allocs adds heap allocations and allocated bytes a virtual machine.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

func main() {
	allocs := flag.Bool("allocs", false, "print allocations a virtual machine")
	flag.Parse()
	if flag.NArg() != 3 {
		log.Fatal("usage: govmomi_peer [-allocs] decode FILE N | retrieve URL N")
	}
	count, err := strconv.Atoi(flag.Arg(2))
	if err != nil || count < 1 {
		log.Fatalf("not a count: %s", flag.Arg(2))
	}
	switch flag.Arg(0) {
	case "decode":
		err = decode(flag.Arg(1), count, *allocs)
	case "retrieve":
		err = retrieve(flag.Arg(1), count)
	default:
		err = fmt.Errorf("unknown mode %q", flag.Arg(0))
	}
	if err != nil {
		log.Fatal(err)
	}
}

// decode does what soap.Client does with the body of a response.
func decode(file string, count int, allocs bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	seconds := make([]float64, 0, count)
	objects := 0
	var before, after runtime.MemStats
	for range count {
		runtime.ReadMemStats(&before)
		start := time.Now()
		body := methods.RetrievePropertiesExBody{}
		decoder := xml.NewDecoder(bytes.NewReader(text))
		decoder.TypeFunc = types.TypeFunc()
		if err := decoder.Decode(&soap.Envelope{Body: &body}); err != nil {
			return err
		}
		seconds = append(seconds, time.Since(start).Seconds())
		runtime.ReadMemStats(&after)
		if body.Res == nil || body.Res.Returnval == nil {
			return fmt.Errorf("%s holds no answer to RetrievePropertiesEx", file)
		}
		objects = len(body.Res.Returnval.Objects)
	}
	middle := median(seconds)
	fmt.Printf("peer=govmomi mode=decode objects=%d mb_per_s=%.1f objects_per_s=%.0f",
		objects, float64(len(text))/middle/1e6, float64(objects)/middle)
	if allocs {
		fmt.Printf(" allocs_per_object=%.0f alloc_kb_per_object=%.1f",
			float64(after.Mallocs-before.Mallocs)/float64(objects),
			float64(after.TotalAlloc-before.TotalAlloc)/float64(objects)/1e3)
	}
	fmt.Println()
	return nil
}

// retrieve fills a slice of mo.VirtualMachine through a container view, as govmomi's own examples do. Logging in is not
// counted. govmomi sets no page size: the server's default holds.
func retrieve(address string, count int) error {
	ctx := context.Background()
	server, err := url.Parse(address)
	if err != nil {
		return err
	}
	server.User = url.UserPassword("user", "pass")
	client, err := govmomi.NewClient(ctx, server, true)
	if err != nil {
		return err
	}
	before, err := resident("VmRSS:")
	if err != nil {
		return err
	}
	seconds := make([]float64, 0, count)
	objects := 0
	peak := int64(0)
	for range count {
		start := time.Now()
		objects, err = machines(ctx, client)
		if err != nil {
			return err
		}
		seconds = append(seconds, time.Since(start).Seconds())
		// The peak of the first round: later ones add what the garbage collector kept.
		if peak == 0 {
			if peak, err = resident("VmHWM:"); err != nil {
				return err
			}
		}
	}
	fmt.Printf("peer=govmomi mode=retrieve objects=%d objects_per_s=%.0f peak_rss_mb=%.1f\n",
		objects, float64(objects)/median(seconds), float64(peak-before)/1e3)
	return client.Logout(ctx)
}

func machines(ctx context.Context, client *govmomi.Client) (int, error) {
	root := client.ServiceContent.RootFolder
	all, err := view.NewManager(client.Client).CreateContainerView(ctx, root, []string{"VirtualMachine"}, true)
	if err != nil {
		return 0, err
	}
	var machines []mo.VirtualMachine
	paths := []string{"config", "summary", "guest", "runtime", "name"}
	if err := all.Retrieve(ctx, []string{"VirtualMachine"}, paths, &machines); err != nil {
		return 0, err
	}
	return len(machines), all.Destroy(ctx)
}

// resident reads one line of /proc/self/status, in kB.
func resident(line string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for _, found := range strings.Split(string(status), "\n") {
		if value, ok := strings.CutPrefix(found, line); ok {
			return strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s in status", line)
}

func median(seconds []float64) float64 {
	sort.Float64s(seconds)
	return seconds[len(seconds)/2]
}
