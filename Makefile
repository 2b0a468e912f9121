# make demo   the simulated pharmacy in this terminal
# make test   everything that has to hold before a change is released
# make check  the part of it that needs no servers; five minutes
# make mutants  changes each line of the rules in turn, to see whether a test notices; about 20 minutes
# make fuzz   ten million messages that nobody should send, over all payload families
# make bench  what it carries, held against others on this machine, into bench/results.md; twenty minutes
#
# Each does all of its own set-up in .venv and .cache; only python3 (3.11 or newer), python3-venv and make
# have to be there. With another interpreter: make PYTHON=python3.12 test

PYTHON = python3
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check bench static servers mutants requirements fuzz

demo: .venv/runtime
	$(BIN)/hdmonitor demo

test: static servers
	$(BIN)/python -m pytest

check: static
	$(BIN)/python -m pytest tests/unit tests/scenarios

# Ten million messages that nobody should send, over all payload families; FUZZ="--messages 100000 --seed 7"
FUZZ =
fuzz: .venv/development
	PYTHONPATH=. $(BIN)/python tests/fuzz.py $(FUZZ)

bench: servers
	$(BIN)/python bench/everything.py

static: .venv/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# One at a time, so that the machine stays usable. What survives has to stand in docs/mutants.md.
mutants: .venv/development
	rm -rf mutants
	nice $(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results

# What the tests and benches talk to: mosquitto and its client, VictoriaMetrics, InfluxDB.
servers: .venv/development
	$(BIN)/python tests/fetch_debian.py

.venv/runtime: requirements.txt pyproject.toml Makefile
	@$(PYTHON) --version >/dev/null 2>&1 || { echo "hdmonitor needs Python 3.11 or newer, and there is no $(PYTHON). On Debian or Ubuntu: sudo apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "hdmonitor needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Install a newer one beside it and name it, for instance: make PYTHON=python3.12 demo" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing what hdmonitor needs into .venv (once)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(PIP) install --require-hashes --requirement requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

# Pins again, from pyproject.toml; a new version is taken only with: make requirements UPGRADE=--upgrade
UPGRADE =
COMPILE = CUSTOM_COMPILE_COMMAND="make requirements" .cache/pip-tools/bin/pip-compile --quiet $(UPGRADE) \
	--generate-hashes --allow-unsafe --strip-extras --no-emit-options
requirements: .venv/runtime
	test -d .cache/pip-tools || $(PYTHON) -m venv .cache/pip-tools
	.cache/pip-tools/bin/pip install --quiet pip-tools
	$(COMPILE) --extra broker --build-deps-for editable --output-file requirements.txt pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' \
		| $(COMPILE) --constraint requirements.txt --output-file requirements-dev.txt -
