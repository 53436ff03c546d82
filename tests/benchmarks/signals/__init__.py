"""How good the rules are on made-up clients whose truth is known: `make bench-signals`, docs/signals-benchmark.md."""
