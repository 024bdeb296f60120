// Checks histories with Porcupine and prints how long each took, so that the harness can set our own figures beside it.
//
//	porcupine -rounds 5 -timeout 20s etcd=etcd_000.log knossos=cas-failure.edn kv=c10-ok.txt
//
// One line of JSON for each file: the verdict, and medians over the rounds with and without the reading of the file.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

type measured struct {
	File       string  `json:"file"`
	Verdict    string  `json:"verdict"`
	Operations int     `json:"operations"`
	FirstMs    float64 `json:"firstMs"`
	CheckMs    float64 `json:"checkMs"`
	TotalMs    float64 `json:"totalMs"`
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each file is read and checked")
	timeout := flag.Duration("timeout", 20*time.Second, "for one check")
	flag.Parse()
	output := json.NewEncoder(os.Stdout)
	for _, argument := range flag.Args() {
		form, file, found := strings.Cut(argument, "=")
		if !found {
			stop(fmt.Errorf("%q is not form=file", argument))
		}
		result, err := measure(form, file, *rounds, *timeout)
		if err != nil {
			stop(fmt.Errorf("%s: %w", file, err))
		}
		if err := output.Encode(result); err != nil {
			stop(err)
		}
	}
}

func measure(form, file string, rounds int, timeout time.Duration) (measured, error) {
	result := measured{File: file}
	var checks, totals []float64
	for round := 0; round < rounds; round++ {
		began := time.Now()
		text, err := os.ReadFile(file)
		if err != nil {
			return result, err
		}
		model, events, err := read(form, string(text))
		if err != nil {
			return result, err
		}
		parsed := time.Now()
		result.Verdict = verdictOf(porcupine.CheckEventsTimeout(model, events, timeout))
		result.Operations = len(events) / 2
		checks = append(checks, milliseconds(time.Since(parsed)))
		totals = append(totals, milliseconds(time.Since(began)))
	}
	result.FirstMs = totals[0]
	result.CheckMs = median(checks)
	result.TotalMs = median(totals)
	return result, nil
}

func verdictOf(result porcupine.CheckResult) string {
	switch result {
	case porcupine.Ok:
		return "valid"
	case porcupine.Illegal:
		return "invalid"
	default:
		return "unknown"
	}
}

func milliseconds(duration time.Duration) float64 {
	return float64(duration.Nanoseconds()) / 1e6
}

func median(values []float64) float64 {
	sort.Float64s(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func stop(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
