# Building, testing and showing dqmon. `make` alone lists what there is.

SHELL := /bin/bash
CARGO ?= cargo
PYTHON ?= python3
VENV := target/venv
# Arguments of `dqmon demo`: make demo DEMO="--headless --files 6"
DEMO ?=
# Arguments of the benchmark: make bench BENCH="--growth"
BENCH ?=
# Arguments of the load test: make load LOAD="--preset 3 --speedup 50"
LOAD ?=
# Arguments of the soak test: make soak SOAK="--rounds 100 --seed 1"
SOAK ?=
PICTURES := docs/pictures

.DEFAULT_GOAL := help
.PHONY: help deps python build demo test bench load soak pictures clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | awk -F '\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

deps: ## install what building, testing and the window need, if it is missing
	@./.ci/deps.sh

python: ## the Python that tests compare with, in target/venv
	@./.ci/python.sh "$(PYTHON)" $(VENV)

build: ## the program, in release
	$(CARGO) build --release --locked

demo: deps build ## a simulated shift through the whole chain; DEMO="--headless" and other options are passed on
	target/release/dqmon demo $(DEMO)

test: deps python ## everything that has to pass; what could not run is listed at the end and fails
	@PATH="$(abspath $(VENV))/bin:$$PATH" CARGO="$(CARGO)" ./.ci/test.sh

bench: deps python ## rates and memory beside peers; BENCH="--growth", "--quick", "--json" are passed on
	@PATH="$(abspath $(VENV))/bin:$$PATH" $(CARGO) bench --locked --bench rates -- $(BENCH)

load: deps ## a backend fed as by a DAQ; LOAD="--burst", "--preset 3 --speedup 50", "--help" are passed on
	@$(CARGO) bench --locked --bench load -- $(LOAD)

soak: deps ## a backend that is killed, cut off and starved at random; SOAK="--rounds 100 --seed 1", "--help" are passed on
	@$(CARGO) bench --locked --bench load -- soak $(SOAK)

pictures: build ## the pictures in docs/, made by the program
	@mkdir -p $(PICTURES)
	@./.ci/pictures.sh $(PICTURES)

clean: ## remove everything that was built
	$(CARGO) clean
