// Runs one synchronization of external-dns: its own plan, TXT registry and CoreDNS provider. Standard input has the wanted
// endpoints as JSON. The whole program cannot be built here: the Go module proxy does not have two modules that it needs
// for cloud providers.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider/coredns"
	"sigs.k8s.io/external-dns/registry/txt"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	types := []string{"A", "AAAA", "CNAME", "PTR", "TXT"}
	cfg := &externaldns.Config{CoreDNSPrefix: "/skydns/", TXTOwnerID: "lab", ManagedDNSRecordTypes: types,
		CoreDNSStrictlyOwned: len(os.Args) > 1 && os.Args[1] == "--coredns-strictly-owned"}
	filter := endpoint.NewDomainFilter(nil)
	provider, err := coredns.New(ctx, cfg, filter)
	check(err)
	registry, err := txt.New(cfg, provider)
	check(err)
	var wanted []*endpoint.Endpoint
	check(json.NewDecoder(os.Stdin).Decode(&wanted))
	current, err := registry.Records(ctx)
	check(err)
	wanted, err = registry.AdjustEndpoints(wanted)
	check(err)
	calculated := (&plan.Plan{Policies: []plan.Policy{plan.Policies["sync"]}, Current: current, Desired: wanted,
		DomainFilter: endpoint.MatchAllDomainFilters{filter}, ManagedRecords: types, OwnerID: registry.OwnerID()}).Calculate()
	if calculated.Changes.HasChanges() {
		check(registry.ApplyChanges(ctx, calculated.Changes))
	}
}
