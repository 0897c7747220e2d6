# Postroom on one machine. `make help` lists the targets; Python 3.11 or newer is all it takes.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is new enough; PYTHON=/path/to/python overrides.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
IN := .venv/bin/python
CODE := shared infra tests
# A variable of the command line as an option of a program; one of the shell's is not meant.
option = $(if $(findstring command,$(origin $1)),$2 '$($1)')
# Where a demo keeps its files, and the commands find it.
STATE := $(if $(call option,GOOGLE),.local/$(GOOGLE),$(if $(call option,STORE),.local/$(STORE)))

.PHONY: help demo docs google test test-deep test-mail soak lint bench bundle preflight plan deploy destroy dryrun keys rotate-keys check-forged replay-erasures doctor verify-google clean runtime develop python

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
	while IFS=$$'\t' read -r target text; do printf '  make %-15s %s\n' "$$target" "$$text"; done

demo: runtime ## start Postroom, the emulated Google and a sample product here; GOOGLE=real is your own Gmail
	@$(IN) -m infra.local demo $(if $(STATE),--state '$(STATE)') $(call option,GOOGLE,--google) \
		$(call option,CLIENT,--client) $(call option,POLL,--poll-seconds) \
		$(call option,STORE,--store) $(call option,EVENTS,--events) $(ARGS)

docs: runtime ## write the documentation as files, for hosting: build/docs, or ARGS='--to DIR --address URL'
	@$(IN) -m infra.docs $(ARGS)

google: runtime ## start the emulated Google alone, at http://127.0.0.1:8085
	@$(IN) -m infra.local.google $(ARGS)

# Bytecode is kept, also where the shell forbids it: tests start Python some hundred times.
test test-deep: export PYTHONDONTWRITEBYTECODE :=
# Files start in the order of tests/order.py, the longest first.
test: develop ## run all tests
	@$(IN) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/bench -m 'not deep' $(ARGS)

test-deep: develop ## run the long evidence too: thousands of random walks, a kill at every await
	@$(IN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/bench -m deep $(ARGS)
	@POSTROOM_FUZZ_EXAMPLES=60 $(IN) -m pytest tests/security/test_described.py

test-mail: develop ## read and forward a corpus of real-world mail; CORPUS=DIR adds a folder of .eml files
	@CORPUS='$(CORPUS)' $(IN) -m pytest -m deep tests/corpus $(ARGS)

soak: develop ## a thousand connections for an hour, in five minutes, under faults and crashes
	@$(IN) -m tests.chaos.soak $(ARGS)

lint: develop ## check style, types and layers
	@$(IN) -m ruff check .
	@$(IN) -m ruff format --check --quiet .
	@$(IN) -m mypy --strict $(CODE)
	@shopt -s nullglob; for main in functions/*/main.py; do \
		$(IN) -m mypy --strict --no-error-summary "$$main" || exit 1; done
	@.venv/bin/lint-imports --no-cache

bench: develop ## measure speed and cost beside others; writes tests/bench/README.md
	@$(IN) -m $(if $(filter %.py,$(ARGS)),pytest -s,tests.bench) $(ARGS)

bundle: runtime ## build the archive of each function, ready to deploy
	@$(IN) -m infra.archives

preflight: runtime ## ask gcloud whether a deployment can be made: make preflight ENV=NAME
	@$(IN) -m infra.preflight '$(ENV)' $(ARGS)

plan: bundle ## say what a deployment would change: make plan ENV=NAME
deploy: bundle ## deploy with Terraform: make deploy ENV=NAME
destroy: bundle ## take a deployment down: make destroy ENV=NAME
plan deploy destroy:
	@infra/terraform/run $@ '$(ENV)'

dryrun: runtime ## show what an action would do, or SYNC=sync-labels: make dryrun ACTION=list-labels CONNECTION=ID INPUT='{}'
	@test -n "$${POSTROOM_STORE:-}" || eval "$$($(IN) -m infra.local.environment $(STATE))"; \
	$(IN) -m shared.commands dryrun $(if $(SYNC),--sync "$${SYNC}" --from "$${FROM:-checkpoint}",\
		"$${ACTION:?name one: make dryrun ACTION=list-labels}" --input "$${INPUT:-}" --answer "$${ANSWER:-}") \
		--connection "$${CONNECTION:-}" $(if $(REALLY),--really) $(if $(SHOW),--show)

keys: ## make, list, rotate, revoke API keys: make keys ARGS='create --name backend --permission send'
rotate-keys: ## bring every grant under a new key-encryption key, while everything runs
check-forged: ## after a deployment: forged tokens must be refused at every private entry
replay-erasures: ## after a restore: erase again what was erased since; ARGS='--store firestore:PROJECT/OLD'
doctor: ## ask every part how it is and say what mends it; ENV=NAME asks that deployment, STATE=DIR that demo, LEVEL=all sends probes
keys rotate-keys check-forged replay-erasures doctor: runtime
	@$(if $(findstring command,$(origin ENV)),settings=$$(infra/terraform/run environment '$(ENV)'); eval "$$settings";,\
	test -n "$${POSTROOM_STORE:-}" || eval "$$($(IN) -m infra.local.environment $(STATE))";) \
	$(IN) -m shared.commands $@ $(or $(ARGS),$(if $(filter keys,$@),list)) \
		$(if $(filter doctor,$@),$(call option,LEVEL,--level))

verify-google: runtime ## ask a live Gmail whether the facts hold: make verify-google CONNECTION=ID (or TOKEN=-)
	@$(if $(TOKEN),:,$(if $(findstring command,$(origin ENV)),settings=$$(infra/terraform/run environment '$(ENV)'); eval "$$settings",\
	test -n "$${POSTROOM_STORE:-}" || eval "$$($(IN) -m infra.local.environment $(STATE))")); \
	$(IN) -m shared.commands verify-google $(if $(TOKEN),--token '$(TOKEN)',--connection '$(CONNECTION)') \
		$(foreach name,LEVEL BUDGET ONLY TOPIC OUT,$(if $($(name)),--$(shell echo $(name) | tr A-Z a-z) '$($(name))')) $(ARGS)

clean: ## remove the environment, the demo's state and every cache
	@rm -rf .venv .local build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find functions shared infra tests -name __pycache__ -prune -exec rm -rf {} +

runtime develop: python
	@$(PYTHON) infra/local/setup.py requirements$(if $(filter develop,$@),-dev).txt

python:
	@test -n '$(PYTHON)' || { echo 'Postroom needs Python 3.11 or newer, and none was found as' \
		'python3.13, python3.12, python3.11 or python3. Install one, or name yours:' \
		'make PYTHON=/path/to/python'; exit 1; }
