# For people and CI; the build itself is CMake's (see CMakePresets.json).
.DEFAULT_GOAL := help
.PHONY: help packages run test lint bench bench-full soak corrupt clean

help: ## Lists the targets.
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

packages: ## Installs the Debian packages that are missing (.ci/packages.txt).
	@.ci/install_packages

run: packages ## Builds and starts a controller with two workers.
	@cmake --preset release
	@cmake --build --preset release --target kvc kvc-controller kvc-worker
	@apps/demo.sh

test: packages ## Runs all checks, as CI does.
	@.ci/test

lint: packages ## Runs clang-format, clang-tidy and the header checks on all files.
	@.ci/lint format
	@tests/check_includes.sh
	@cmake --preset dev
	@cmake --build --preset dev --target header_checks
	@.ci/lint all

bench: packages ## Measures and prints a table.
	@cmake --preset release
	@cmake --build --preset release --target kvc-bench kvc-controller kvc-worker
	@build/release/bin/kvc-bench
	@build/release/bin/kvc-bench index --memberships 10000000

bench-full: packages ## Measures longer, and the index with 100 million memberships: half an hour, 5 GB of memory.
	@cmake --preset release
	@cmake --build --preset release --target kvc-bench kvc-controller kvc-worker
	@build/release/bin/kvc-bench --seconds 2 --repetitions 9
	@build/release/bin/kvc-bench codecs
	@build/release/bin/kvc-bench index --memberships 100000000

soak: packages ## Kills and stops processes in the middle of moves, 50 times, then on ::1.
	@cmake --preset dev  # Its assertions are on.
	@cmake --build --preset dev --target programs kvc_ucx
	@KVC_BIN=build/dev/bin KVC_CHAOS_SEEDS=50 python3 -m unittest discover \
	  -s tests/integration -p 'move_chaos_test.py'
	@KVC_BIN=build/dev/bin KVC_TEST_HOST=::1 python3 -m unittest discover \
	  -s tests/integration -p '*_test.py'

corrupt: packages ## Plays 100,000 corrupted sessions to a controller's and a peer's link port.
	@cmake --preset dev
	@cmake --build --preset dev --target wire_node wire_link
	@KVC_CORRUPTIONS=100000 build/dev/wire_node -tc="*corrupted sessions*"
	@KVC_CORRUPTIONS=100000 build/dev/wire_link -tc="*corrupted sessions*"

clean: ## Removes everything that was built.
	@rm -rf build
