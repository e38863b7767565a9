# SPDX-License-Identifier: Apache-2.0
# The front door. `make demo` and `make test` work on a fresh Debian 12 with git and make, as root or with sudo.
BUILD ?= build
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 3600
SOAK_CONNECTIONS ?= 5000
CONFIGURE = cmake -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache
.PHONY: help build test demo bench soak interop fuzz lint format clean docs device-size

help:
	@echo "make demo   a whole update on this machine: cloud, board, firmware, refusal, roll-back"
	@echo "make test   every test"
	@echo "make build  $(BUILD)/otabahn, $(BUILD)/otabahn-device, $(BUILD)/otabahn-load"
	@echo "make device-size   flash and RAM of the updater on a Cortex-M4"
	@echo "make soak   a mixed load for an hour: nothing is lost, nothing grows (SOAK_SECONDS, SOAK_CONNECTIONS)"
	@echo "make interop   mqtt.js and AWS's device SDK, from the npm registry, against the gateway"
	@echo "make bench [ROW=blocks] | fuzz | lint | format | docs | clean   for developers"

build:
	@tools/ensure-packages.sh build
	@$(CONFIGURE) -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >$(BUILD).configure.log 2>&1 || { cat $(BUILD).configure.log; exit 1; }
	@mv $(BUILD).configure.log $(BUILD)/configure.log
	@ninja -C $(BUILD) -j $(JOBS) --quiet

test:
	@tools/ensure-packages.sh build test demo
	@/usr/bin/python3 tests/run.py --jobs $(JOBS)

demo: build
	@tools/ensure-packages.sh build demo
	@tools/demo.sh $(BUILD)

bench:
	@tools/ensure-packages.sh build test bench
	@$(MAKE) --no-print-directory build
	@ninja -C $(BUILD) -j $(JOBS) --quiet benchmarks
	@/usr/bin/python3 bench/run.py --build $(BUILD) $(foreach row,$(ROW),--row $(row))

soak:
	@tools/ensure-packages.sh build test
	@$(MAKE) --no-print-directory build
	@/usr/bin/python3 tests/soak.py --build $(BUILD) --seconds $(SOAK_SECONDS) --connections $(SOAK_CONNECTIONS)

interop:
	@tools/ensure-packages.sh build test
	@$(MAKE) --no-print-directory build
	@tests/interop/npm/run.py --build $(BUILD)

fuzz:
	@tools/ensure-packages.sh build fuzz
	@CC=clang CXX=clang++ $(CONFIGURE) -S . -B build-fuzz -DCMAKE_BUILD_TYPE=Release -DOTABAHN_FUZZ=ON >/dev/null
	@python3 tests/fuzz/run.py --build build-fuzz --seconds $(FUZZ_SECONDS) --jobs $(JOBS)

device-size:
	@tools/ensure-packages.sh build device-size
	@tools/device_size.py

lint:
	@tools/ensure-packages.sh build lint
	@$(CONFIGURE) -S . -B build-lint -DCMAKE_BUILD_TYPE=Debug >/dev/null
	@ninja -C build-lint check_includes otabahn_api_generated --quiet
	@python3 tools/lint.py --build build-lint

format:
	@git ls-files '*.cpp' '*.hpp' '*.h' '*.c' | xargs clang-format -i

docs: build
	@tools/compatibility.sh $(BUILD)/otabahn > docs/compatibility.md

clean:
	@rm -rf build build-*
