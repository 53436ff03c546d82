"""How good the rules are on made-up clients of whom the truth is known. `make bench-signals`; docs/signals-benchmark.md."""
