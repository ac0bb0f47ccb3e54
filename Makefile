.PHONY: demo help portal install install-demo test tests test-again test-fast test-random model night fuzz corpus check format schema migrations bench bench-peers performance soak lock clean
.DEFAULT_GOAL := demo
PYTHON ?= python3
BIN := .venv/bin

demo: .venv/ready-demo  ## Start everything: a Postgres of its own, demo customers, the server
	@./portico demo

help:  ## Print this list
	@echo "Targets of make:"
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo "Commands of Portico: ./portico --help"

install: .venv/ready  ## Install into .venv what Portico needs in production: without the built-in Postgres

install-demo: .venv/ready-demo  ## The same with the built-in Postgres, as demo does

# The tests of one file stay together; how many processes there are, and which files come first, is said in tests/selection.py.
# What Python compiles is written down even where the environment says not to: every process of tests, and every program that they start, would compile it again.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q
SPREAD := -n auto --dist loadfile --no-loadscope-reorder
test: .venv/ready-dev  ## Run all tests
	@$(PYTEST) $(SPREAD)

tests: test  ## The same

# The tests of concurrency, outages and clocks share two processors with others. A failure by chance of timing is told from one that stays, and is named.
FAILED := .pytest_cache/v/cache/lastfailed
MOST_UNSTABLE := 3
test-again: .venv/ready-dev  ## Run the tests that failed in the last run once more, alone, if they are at most three; say which of them are unstable
	@test "$$(jq length $(FAILED))" -le $(MOST_UNSTABLE) || { echo "$$(jq length $(FAILED)) tests failed: too many to be unstable."; exit 1; }
	@names=$$(jq -r 'keys[]' $(FAILED)) && $(PYTEST) -n 0 --last-failed --last-failed-no-failures none && printf 'UNSTABLE (failed among others, passed alone): %s\n' "$$names"

test-fast: .venv/ready-dev  ## Run the tests that need no server and do not take long: seconds
	@$(PYTEST) $(SPREAD) -m "(unit or db) and not slow" --ignore=tests/journeys --ignore=tests/first_hour --ignore=tests/lifecycle

test-random: .venv/ready-dev  ## Run all tests in an order of chance, which is printed, and as deeply as `test` does
	@$(PYTEST) -n auto --dist loadfile -p randomly --randomly-dont-reset-seed

# Needs Node and npm; the tests of the pages need Chromium.
portal: .venv/ready-dev  ## Build the portal, and test it in Chromium
	@cd portal && npm ci --loglevel=error && npm run --silent generate && npm run --silent check && npm run --silent build
	@$(PYTEST) tests/portal

# 300 histories of 60 steps over about 18 months for each property; minutes, where `test` takes seconds.
MODEL_TESTS := $(addprefix tests/lifecycle/models/,test_forecast.py test_offered.py test_model.py test_paying_model.py test_money_model.py) tests/lifecycle/mixed/test_mixed.py
model: .venv/ready-dev  ## Drive long random histories: they agree with the reference models, and what is shown is what then happens
	@PORTICO_TEST_PROFILE=nightly $(PYTEST) -n auto $(MODEL_TESTS)

night: .venv/ready-dev  ## Run all tests as deeply as they go: random documents, kills at every await, the models, fuzz; hours
	@PORTICO_TEST_PROFILE=nightly $(PYTEST) -n auto --dist loadfile -p randomly --randomly-dont-reset-seed

fuzz: .venv/ready-dev  ## Judge 5,000 mutated PDFs: always an answer, and what is accepted does nothing by itself
	@PORTICO_TEST_PROFILE=nightly $(PYTEST) tests/storage/pdf/test_fuzz.py

# The wheels of these libraries have no PDFs and few pictures; their source distributions have the files of their tests. Nothing of them is run but what pip needs
# to know their version.
CORPUS := pypdf pikepdf pyhanko pypdfium2 factur-x pillow reportlab
corpus: .venv/ready-dev  ## Judge the PDFs and pictures of other libraries' tests beside independent readers (downloads 75 MB)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && for name in $(CORPUS); do \
	  $(PYTHON) -m pip download -q --disable-pip-version-check --no-deps --no-binary $$name -d $$folder $$name || exit 1; done && \
	for archive in $$folder/*.tar.gz; do tar -xzf $$archive -C $$folder; done && \
	PORTICO_TEST_CORPUS=$$folder $(PYTEST) -rP tests/storage/pdf/test_corpus.py tests/storage/test_picture_corpus.py

check: .venv/ready-dev  ## Lint, types, the import arrows, and whether schema.graphql is current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m mypy
	@$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-cache
	@./portico schema | diff - schema.graphql || { echo "schema.graphql is stale: run make schema"; exit 1; }

format: .venv/ready-dev  ## Put the code in form
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

schema: .venv/ready  ## Write schema.graphql
	@./portico schema > schema.graphql.new && mv schema.graphql.new schema.graphql

migrations: .venv/ready  ## List new migrations in db/migrations/SHA256SUMS; lines of shipped ones are never changed
	@$(BIN)/python -m db.migrations.manifest

bench: .venv/ready-dev  ## Measure this machine
	@$(BIN)/python -m bench

# Options of the program: OPTIONS="--minutes 10 --faults-every 60". Ends with an error if memory, open files, connections or tables grow, or if the audit has findings.
soak: .venv/ready-dev  ## Run two servers and a worker under a mixed load for 30 minutes, and see what grows
	@$(BIN)/python -m bench.soak $(OPTIONS)

# Needs Node and npm for the peers written in JavaScript; PostGraphile's newer Node comes from npm.
bench-peers: .venv/ready-dev  ## Measure the peers, too
	@$(BIN)/python -m bench.peers

# Options of the program: OPTIONS="--all" also measures 200,000 customers, OPTIONS="--quick" only tries whether all runs. Needs Node and npm.
performance: .venv/ready-dev  ## Measure all that docs/performance.md shows, and write it anew; about an hour
	@$(BIN)/python -m bench.performance $(OPTIONS)

lock: .venv/ready  ## Pin the dependencies of pyproject.toml again (needs uv)
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group demo pyproject.toml -o requirements-demo.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.lock

clean:  ## Remove the environment and the demo
	rm -rf .venv .portico

# What runs Portico in production; that with the built-in Postgres; that with the developer's tools: locked, hashed lists, of which each contains the one before.
.venv/ready: requirements.lock
	@$(call install,2)
	@touch .venv/ready

.venv/ready-demo: requirements-demo.lock
	@$(call install,2)
	@touch .venv/ready .venv/ready-demo

.venv/ready-dev: requirements-dev.lock
	@$(call install,4)
	@touch .venv/ready .venv/ready-demo .venv/ready-dev

# Where the environment's Python is gone, everything is installed again.
ifneq ($(shell test -x $(BIN)/python && echo there),there)
.PHONY: .venv/ready .venv/ready-demo .venv/ready-dev
endif

# From the list $< into .venv, with uv where there is one; $1 is about how many minutes pip takes. Progress is for a terminal.
define install
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Portico needs Python 3.11 or newer; name one with make PYTHON=…")'
@packages=$$(sed -n "/win32/d; s/^\([a-z0-9][^=]*\)==.*/\1/p" $< | sort -u | wc -l); \
echo "Installing" $$packages "packages into .venv (about $1 minutes, once)"
@rm -f .venv/ready .venv/ready-demo .venv/ready-dev; \
if [ -t 1 ]; then quiet=; else quiet=-q; fi; \
if command -v uv >/dev/null 2>&1; then \
  uv venv -q --allow-existing --python $(PYTHON) .venv && uv pip sync $$quiet --require-hashes --python $(BIN)/python $<; \
else \
  $(PYTHON) -m venv .venv && $(BIN)/python -m pip install $$quiet --disable-pip-version-check --no-deps --require-hashes -r $<; \
fi
endef
