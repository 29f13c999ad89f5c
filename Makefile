# Muster. `make` alone lists what can be made. Needs Python 3.11 or newer and git, nothing else:
# packages go into .venv, at the first use and whenever the requirements have changed.
# Another interpreter: `make PYTHON=/path/to/python3.12 …`.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.stamp
TOOLS := $(VENV)/tools.stamp

# Suites that take longer than `make test` may: a target each, and a name here. Those that need
# programs beyond Python name them in tests/bring.
HEAVY :=

.PHONY: help demo up test heavy $(HEAVY) bring fuzz check fmt bench soak chaos clean


help: ## This list
	@echo "make TARGET, one of:"
	@while IFS=: read -r target text; do printf '  %-7s %s\n' "$$target" "$${text#*## }"; done \
		< <(grep -E '^[a-z]+:.*## ' Makefile)
	@echo "Settings, in the environment: MUSTER_HOME (.muster), MUSTER_PORT (9000),"
	@echo "MUSTER_ADMIN_PASSWORD (made and shown once), MUSTER_MACHINES (1), DATABASE_URL and"
	@echo "REDIS_URL (PostgreSQL and Valkey of our own), MUSTER_TLS_CERT and MUSTER_TLS_KEY."

# The recipes of demo and up are one plain command each, so that make runs it without a shell in
# between and a signal to make reaches it.
demo: $(RUNTIME) ## One task from description to pushed branch, shown; then everything stops
	@$(BIN)/python -m demo.play

up: $(RUNTIME) ## The same stack with a local machine, until Ctrl-C
	@$(BIN)/python -m demo.up

test: $(TOOLS) ## The whole suite, on servers of its own
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

heavy: $(HEAVY) ## All suites that take longer, one after the other
	@echo "Heavy suites: $(or $(HEAVY),there are none)"

bring: ## What tests need beside Python's packages: from npm, and from Debian (as root)
	@tests/bring

fuzz: $(TOOLS) ## Schemathesis for longer; MUSTER_FUZZ_SEED, _EXAMPLES and _SECONDS say how
	@export MUSTER_FUZZ_SEED=$${MUSTER_FUZZ_SEED:-$$RANDOM} ; \
	export MUSTER_FUZZ_EXAMPLES=$${MUSTER_FUZZ_EXAMPLES:-100} ; \
	export MUSTER_FUZZ_SECONDS=$${MUSTER_FUZZ_SECONDS:-1200} ; \
	env | grep ^MUSTER_FUZZ_ ; \
	$(BIN)/python -m pytest -q tests/fuzz

check: $(TOOLS) ## Lint, format, types, and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fmt: $(TOOLS) ## Format, and mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(TOOLS) ## The benchmarks, with ratios to bare parts and peers; takes minutes
	@$(BIN)/python -m bench.dispatch
	@$(BIN)/python -m bench.logs
	@$(BIN)/python -m bench.http --quick
	@$(BIN)/python -m bench.terminals --quick

soak: $(TOOLS) ## Ordinary life, sampled: does anything grow? MINUTES=10; a chart in soak.svg
	@$(BIN)/python -m bench.soak --minutes $(or $(MINUTES),10)

chaos: $(TOOLS) ## Tasks while everything breaks: was every promise kept? SEED=... TASKS=300
	@$(BIN)/python -m tests.chaos --tasks $(or $(TASKS),300) $(if $(SEED),--seed $(SEED))

clean: ## Remove .venv and caches; .muster, where the stacks keep their state, stays
	@rm -rf $(VENV) tests/browser/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environment -------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		found=$$($(PYTHON) --version 2>/dev/null | head -n 1) ; \
		echo "Muster needs Python 3.11 or newer; $(PYTHON) is $${found:-not there}." ; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" ; \
		exit 1 ; } >&2
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV) ; exit 1 ; }

$(RUNTIME): requirements.txt muster/worker/requirements.txt | $(BIN)/python
	@$(call install,-r requirements.txt -r muster/worker/requirements.txt)

$(TOOLS): requirements-dev.txt requirements.txt muster/worker/requirements.txt | $(BIN)/python
	@$(call install,-r requirements-dev.txt)
	@touch $(RUNTIME)

# pip says a lot: on a terminal the latest of it is shown on one line, in a file its milestones.
# All of it is in .venv/pip.log.
define install
	set -o pipefail ; \
	echo "Installing packages into $(VENV): $(1)" ; \
	if [ -t 1 ] ; then form='\r\033[K  %.76s' end='\r\033[K' ; else form='  %.76s\n' end='' ; fi ; \
	$(BIN)/python -m pip install --no-input --disable-pip-version-check $(1) 2>&1 \
		| tee $(VENV)/pip.log \
		| while IFS= read -r line ; do \
			case $$line in Collecting*|Building*|Installing*) printf "$$form" "$$line" ;; esac ; \
		done \
		|| { printf "$$end" ; tail -n 20 $(VENV)/pip.log ; exit 1 ; } >&2 ; \
	printf "$$end" ; touch $@
endef
