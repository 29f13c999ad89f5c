# `make` alone lists the targets. They need only Python 3.11 or newer and git: packages are installed
# into .venv at the first use, and again when the locked requirements change. To use another
# interpreter: `make PYTHON=/path/to/python3.12 …`. How packages are locked: docs/decisions/0026.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.stamp
TOOLS := $(VENV)/tools.stamp
NODE := $(VENV)/node.stamp
PACKER := $(VENV)/packer.stamp

# Suites that are too slow for `make test`: each has a target, and a name here. tests/bring lists the
# programs that they need besides Python.
HEAVY := faults attacks limits others agents review e2e install newcomers
# The suites of `make others`, which run side by side because each mostly waits.
OTHERS := sso hostile rogues clients

.PHONY: help demo up doctor console built dist test heavy heavies $(HEAVY) $(OTHERS) skipped bring fuzz walk check fmt screenshots pictures bench soak chaos lock clean

help: ## Print this list
	@echo "Usage: make TARGET. Targets:"
	@while IFS=: read -r target text; do printf '  %-11s %s\n' "$$target" "$${text#*## }"; done \
		< <(grep -E '^[a-z]+:.*## ' Makefile)
	@echo "Environment variables, with defaults: MUSTER_HOME (.muster), MUSTER_PORT (9000),"
	@echo "MUSTER_ADMIN_PASSWORD (generated, and printed once), MUSTER_MACHINES (1),"
	@echo "MUSTER_REPOSITORIES (a folder whose repositories they also accept), DATABASE_URL and REDIS_URL"
	@echo "(bundled PostgreSQL and Valkey), MUSTER_TLS_CERT, MUSTER_TLS_KEY (no TLS)."

# The recipes of demo and up are one plain command each: make runs it without a shell, so signals to
# make reach it.
demo: $(RUNTIME) ## Run one task from its description to a pushed branch, then stop
	@$(BIN)/python -m demo.play

up: $(RUNTIME) $(PACKER) ## Run the server with a local machine and the console until Ctrl-C
	@$(BIN)/python -m demo.up

doctor: $(RUNTIME) ## Check the running server, and suggest fixes
	@$(BIN)/python -m flask --app wsgi doctor

console: $(RUNTIME) ## Serve the console from its source, for the server on MUSTER_PORT
	@$(BIN)/python -m demo.console dev

built: $(RUNTIME) ## Build the console; `make up` does so too
	@$(BIN)/python -m demo.console build

dist: $(TOOLS) ## Build the packages of client and server into dist/
	@$(BIN)/python -m packages

# Always write bytecode, whatever the environment says. Otherwise each worker rewrites the assertions of
# all tests, and each process of a stack compiles the app.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --dist loadfile
# The node IDs of the tests that the last `make test` skipped for missing programs, one per line.
SKIPPED := $${MUSTER_SKIPPED:-.ci/skipped.txt}

test: $(TOOLS) ## Run all tests but the slow suites, in MUSTER_TEST_WORKERS=5 processes
	@$(BIN)/python -m demo.console test
	@$(PYTEST) -n $${MUSTER_TEST_WORKERS:-5} --skipped-list="$(SKIPPED)"

skipped: $(TOOLS) ## Run the tests that `make test` skipped for missing programs; first run `make bring`
	@if [ ! -e "$(SKIPPED)" ] ; then \
		echo "There is no $(SKIPPED). \"make test\" writes it." >&2 ; exit 1 ; \
	elif [ ! -s "$(SKIPPED)" ] ; then \
		echo "The last \"make test\" skipped nothing for missing programs." ; \
	else \
		MUSTER_NEEDS=required $(PYTEST) -n $${MUSTER_TEST_WORKERS:-5} "@$(SKIPPED)" ; \
	fi

heavy: $(HEAVY) ## Run all slow suites, one after the other
	@echo "Passed: $(HEAVY)"

heavies:
	@echo $(HEAVY)

bring: ## Install the programs that tests need from npm, PyPI and Debian (as root)
	@tests/bring

fuzz: $(TOOLS) ## Run Schemathesis; set MUSTER_FUZZ_SEED, _EXAMPLES (100), _SECONDS (1200)
	@export MUSTER_FUZZ_SEED=$${MUSTER_FUZZ_SEED:-$$RANDOM} ; \
	export MUSTER_FUZZ_EXAMPLES=$${MUSTER_FUZZ_EXAMPLES:-100} ; \
	export MUSTER_FUZZ_SECONDS=$${MUSTER_FUZZ_SECONDS:-1200} ; \
	env | grep ^MUSTER_FUZZ_ ; \
	$(BIN)/python -m pytest -q tests/fuzz

check: $(TOOLS) ## Check lint, format, types and import rules, also of the console
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) -j 3 --output-sync $(CHECKS)

# The slow checks, side by side; each prints its output when it ends.
CHECKS := check-types check-imports check-console
.PHONY: $(CHECKS)
check-types:
	@$(BIN)/mypy
check-imports:
	@$(BIN)/lint-imports
check-console:
	@$(BIN)/python -m demo.console check

fmt: $(TOOLS) ## Format the Python code, and apply ruff's fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(TOOLS) ## Run the benchmarks and print ratios to floors and peers; takes minutes
	@$(BIN)/python -m bench.dispatch
	@$(BIN)/python -m bench.logs
	@$(BIN)/python -m bench.http --quick
	@$(BIN)/python -m bench.terminals --quick
	@$(BIN)/python -m bench.attach --quick
	@$(BIN)/python -m bench.cli --quick

# A slow suite's recipe runs its tests and then records them in .ci/passed for this tree. make expands all
# lines of a recipe before it runs the first, so it records the tested commit.
SUITE = $(PYTEST) --skipped-list=.ci/skipped-$@.txt
PASSED = @$(BIN)/python .ci/suites.py record --skipped .ci/skipped-$@.txt \
	--at "$(shell git rev-parse HEAD 2>/dev/null)"

faults: $(TOOLS) ## Test outages: kill and freeze PostgreSQL, Valkey, servers, senders; some chaos
	@$(SUITE) -n 4 tests/outages tests/chaos/test_chaos.py tests/app/jobs/test_jobs_killed_senders.py
	$(PASSED) $@

attacks: $(TOOLS) ## Test every route with malicious input; Schemathesis for a moment
	@$(SUITE) -n 3 tests/attacks/routes tests/fuzz
	$(PASSED) $@

others: $(TOOLS) ## Run the next four suites side by side
	@$(SUITE) -n 3 $(addprefix tests/,$(OTHERS))
	$(PASSED) $(OTHERS)

sso: $(TOOLS) ## Test single sign-on with a real provider, also in Chromium
	@$(SUITE) tests/sso
	$(PASSED) $@

hostile: $(TOOLS) ## Test hostile agents in the sandboxes of real daemons (as root)
	@$(SUITE) -n 2 tests/hostile
	$(PASSED) $@

rogues: $(TOOLS) ## Test hostile machines against a real server
	@$(SUITE) tests/rogues
	$(PASSED) $@

clients: $(TOOLS) ## Test clients that generators make from the OpenAPI document
	@$(SUITE) -n 2 tests/clients
	$(PASSED) $@

agents: $(TOOLS) ## Test the real agents against a scripted model
	@$(SUITE) -n 3 tests/agents/real tests/flows/test_budget.py
	$(PASSED) $@

limits: $(TOOLS) ## Test floods of connections, and clients that read slowly
	@$(SUITE) -s tests/connection_limits
	$(PASSED) $@

review: $(TOOLS) ## Test reviews: 500 generated histories, 300 kills
	@$(SUITE) -n 2 --dist load tests/review
	$(PASSED) $@

install: $(TOOLS) ## Install the packages as ordinary users, and run and upgrade them
	@$(SUITE) -n 2 tests/install
	$(PASSED) $@

newcomers: $(TOOLS) ## Test first runs on bare systems (as root); SEED chooses some, ALL=1 runs all
	@$(SUITE) tests/newcomers
	$(PASSED) $@

e2e: $(TOOLS) ## Test the console in Chromium: flows, accessibility, phones, a new user's walk
	@$(SUITE) -n 2 tests/e2e tests/walk/test_walk.py
	$(PASSED) $@

walk: $(TOOLS) ## Walk from an empty home to a second person's approval; SERVER=installed
	@$(PYTEST) tests/walk --server $(or $(SERVER),checkout)

screenshots: $(TOOLS) ## Take pictures of all pages and of `muster`, into screenshots/
	@$(BIN)/python -m tests.e2e.screenshots

pictures: $(TOOLS) ## Take README's pictures anew, into docs/images/
	@$(BIN)/python -m tests.e2e.pictures

soak: $(TOOLS) ## Run ordinary load for MINUTES=10 and chart memory and files in soak.svg
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),10)

chaos: $(TOOLS) ## Run TASKS=300 tasks while everything breaks, and check every promise; SEED=…
	@$(BIN)/python -m tests.chaos --tasks $(or $(TASKS),300) $(if $(SEED),--seed $(SEED))

lock: $(BIN)/uv ## Lock requirements*.txt from the .in files; UPGRADE=all, or names, upgrades
	@for which in requirements{,-client,-worker,-dev,-build,-node} {tests/agents/aider,tests/clients}/requirements ; do \
		echo "Locking $$which.in" ; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-strip-extras --custom-compile-command 'make lock' \
			$(if $(filter all,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package ,$(UPGRADE))) \
			--output-file $$which.txt $$which.in || exit 1 ; \
	done

clean: ## Remove .venv, caches and builds, but not the state in .muster
	@rm -rf $(VENV) dist console/{node_modules,dist,dist.new} tests/browser/node_modules tests/sso/npm/node_modules tests/agents/*/{node_modules,.venv} tests/clients/{node_modules,.venv} .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environment -------------------------------------------------------------------

# What the packages and a first start take on disk, with a reserve.
define REQUIRE_DISK
import shutil, sys
needed, free = 500, shutil.disk_usage(".").free // 10**6
sys.exit(free < needed and f"Muster needs {needed} MB of disk, and {free} MB are free here. "
    "Free some, or clone the repository to a larger disk: git clone . /path/on/that/disk/muster")
endef
$(BIN)/python: export CHECK := $(REQUIRE_DISK)
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) --version 2>/dev/null | head -n 1) ; \
		echo "Muster needs Python 3.11 or newer; $(PYTHON) is $${found:-not installed}." ; \
		echo "Install one, or specify it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" ; \
		exit 1 ; } >&2
	@$(PYTHON) -c "$$CHECK"
	@echo "Creating a virtual environment in $(VENV)"
	@$(PYTHON) -m venv --without-pip $(VENV) || { rm -rf $(VENV) ; exit 1 ; }

$(RUNTIME): requirements.txt requirements-worker.txt | $(BIN)/python
	@$(call install,-r requirements.txt -r requirements-worker.txt)

$(TOOLS): requirements-dev.txt requirements.txt requirements-worker.txt | $(BIN)/python
	@$(call install,-r requirements-dev.txt)
	@touch $(RUNTIME)

# Hatchling, with which `make up` packs what machines install.
$(PACKER): requirements-build.txt | $(BIN)/python
	@$(call install,-r requirements-build.txt)

# Node from PyPI, where the machine has none that is new enough; demo/console/node.py makes it.
$(NODE): requirements-node.txt | $(BIN)/python
	@$(call install,-r requirements-node.txt)

# uv installs the packages: the machine's own if it supports these options, or else the version that
# requirements-build.txt pins. It trusts the system's certificates, as pip does. Without a writable HOME
# it uses no cache. A terminal shows its progress on one line, a file its milestones; .venv/install.log
# has all of its output.
export UV_SYSTEM_CERTS ?= true
UV_FLAGS := --python $(BIN)/python --require-hashes --build-constraints requirements-build.txt
define install
	set -o pipefail ; \
	uv=uv ; \
	uv pip install $(UV_FLAGS) --help >/dev/null 2>&1 || { \
		uv=$(BIN)/uv ; $(MAKE) --silent $$uv || exit 1 ; } ; \
	cache=$$($$uv cache dir 2>/dev/null) ; \
	mkdir -p "$$cache" 2>/dev/null && [ -w "$$cache" ] || export UV_NO_CACHE=1 ; \
	echo "Installing packages into $(VENV): $(1)" ; \
	if [ -t 1 ] ; then form='\r\033[K  %.76s' end='\r\033[K' ; else form='  %.76s\n' end='' ; fi ; \
	$$uv pip install $(UV_FLAGS) $(1) 2>&1 \
		| tee $(VENV)/install.log \
		| while read -r line ; do \
			case $$line in *ownloading*|*Building*|Prepared*|Installed*) printf "$$form" "$$line" ;; esac ; \
		done \
		|| { printf "$$end" ; $(call failed,$(VENV)/install.log) ; } ; \
	printf "$$end" ; touch $@
endef

# pip installs uv: the pip of $(PYTHON), or the one that Python bundles (ensurepip).
$(BIN)/uv: requirements-build.txt | $(BIN)/python
	@echo "Installing uv into $(VENV)"
	@pip='$(PYTHON) -m pip --python $(BIN)/python' ; \
	{ $$pip --version >/dev/null 2>&1 || { \
		pip='$(BIN)/python -m pip' ; $(BIN)/python -m ensurepip ; } ; \
	sed -n '/^uv==/,/# via/p' requirements-build.txt | $$pip install --no-input --no-compile \
		--disable-pip-version-check --require-hashes -r /dev/stdin ; } >$(VENV)/install.log 2>&1 \
		|| { $(call failed,$(VENV)/install.log) ; } ; \
	touch $@

# Prints the end of the log, and what to do.
define failed
{ tail -n 20 $(1) ; \
	echo "The packages could not be installed; $(1) has the whole output." ; \
	echo "Fix the cause and run the same command again; it downloads nothing twice." ; \
	echo "For another package index or a proxy, set UV_DEFAULT_INDEX or HTTPS_PROXY." ; \
	exit 1 ; } >&2
endef
