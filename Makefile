.PHONY: demo test check format schema bench bench-peers lock clean
PYTHON ?= python3
BIN := .venv/bin

demo: .venv/ready
	@$(BIN)/python -m gateway demo

# One process of tests for each processor, at most four; the tests of one file stay together.
test: .venv/ready
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

check: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m gateway schema | diff - schema.graphql || { echo "schema.graphql is stale: run make schema"; exit 1; }

format: .venv/ready
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

schema: .venv/ready
	@$(BIN)/python -m gateway schema > schema.graphql.new && mv schema.graphql.new schema.graphql

bench: .venv/ready
	@$(BIN)/python -m bench

# Needs Node and npm for the peers written in JavaScript; PostGraphile's newer Node comes from npm.
bench-peers: .venv/ready
	@$(BIN)/python -m bench.peers

lock: .venv/ready
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.lock

# Filled from the locked, hashed files, with uv where there is one. A second run finds it ready.
.venv/ready: requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Portico needs Python 3.11 or newer; name one with make PYTHON=…")'
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing --python $(PYTHON) .venv && uv pip sync -q --require-hashes --python $(BIN)/python requirements-dev.lock; \
	else \
	  $(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock; \
	fi
	@touch .venv/ready

clean:
	rm -rf .venv .portico
