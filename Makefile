# `make run` and `make test` do everything on a fresh machine; the rest are their parts.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OURS := agent finetune retrieval eval ui

.PHONY: run test setup dev lint types clients bench lock clean

run: $(VENV)/.installed
	@$(BIN)/simpatico serve $(if $(PORT),--port $(PORT))

setup: $(VENV)/.installed
	@$(BIN)/simpatico prepare

test: dev
	$(BIN)/simpatico model fetch smollm2-135m-instruct efficientnet-lite0 musicnn multilingual-e5-small whisper-base cl100k
	$(BIN)/python -m pytest

dev: setup $(VENV)/.dev

$(VENV)/.installed: pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps -e .
	@$(BIN)/simpatico model fetch multilingual-e5-small || echo "Feelings told in Chinese will not be read: docs/models.md"
	@$(BIN)/simpatico model fetch cl100k || echo "Embeddings of numbers of tokens will be refused: docs/models.md"
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Resolves the newest versions that pyproject.toml admits, for every platform and Python at once.
LOCK := uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url
lock:
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev -o requirements-dev.lock

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy does not follow the import hook of an editable install: show it the layout as links.
types: dev
	@rm -rf build/types && mkdir -p build/types/simpatico
	@ln -s $(CURDIR)/core/* build/types/simpatico/ && ln -s $(addprefix $(CURDIR)/,$(OURS)) build/types/simpatico/
	MYPYPATH=build/types $(BIN)/mypy -p simpatico
	MYPYPATH=build/types $(BIN)/mypy tests benchmarks

# Clients of the API that do not fit this environment, in one of their own: docs/clients.md.
clients: dev build/clients/.installed
	$(BIN)/simpatico model fetch whisper-base cl100k
	CLIENTS_PYTHON=$(CURDIR)/build/clients/bin/python CLIENTS_WRITE=$(WRITE) $(BIN)/python -m pytest tests/clients

build/clients/.installed: requirements-clients.txt
	$(PYTHON) -m venv build/clients
	build/clients/bin/python -m pip install --disable-pip-version-check --quiet -r requirements-clients.txt
	@touch $@

bench: dev
	$(BIN)/python benchmarks/bench_search.py
	$(BIN)/python benchmarks/bench_ranker.py

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
