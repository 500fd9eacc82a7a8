# Everything runs in .venv, which the first target that needs it makes.
PYTHON_CANDIDATES := python3 python3.13 python3.12 python3.11
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check pytest bench soak docs lock clean

help:  ## Show this list.
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY)  ## Run the whole job on a made-up recording, into demo/.
	$(BIN)/hypecut demo demo

test: check pytest  ## Run all checks and tests.

check: $(READY)  ## Check style, types and layers.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: $(READY)
	sh scripts/test_tools.sh
	$(BIN)/pytest -n 2 -m "not soak and not live"

bench: $(READY)  ## Measure speed and memory for the tables of docs/benchmarks.md.
	@failed=0; for file in benchmarks/*.py; do \
		if grep -q '__main__' $$file; then echo "== $$file"; $(BIN)/python $$file || failed=1; fi; done; exit $$failed

soak: $(READY)  ## Run the long tests.
	sh scripts/test_tools.sh
	$(BIN)/pytest -m soak --timeout 7200

docs: $(READY)  ## Write the generated pages of docs/ anew.
	$(BIN)/python scripts/generate_docs.py

lock: $(READY)  ## Pin the versions installed now in requirements.lock.
	$(BIN)/python scripts/lock.py

clean:  ## Remove the environment and all caches.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks build dist

$(READY): pyproject.toml requirements.lock scripts/make_venv.sh
	sh scripts/make_venv.sh .venv $(PYTHON_CANDIDATES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock -e '.[dev]'
	@touch $@
