PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait for disks, browsers and processes that they kill: half as many again as there are cores. The slow ones (api,
# browser, jobs) come first in the alphabet and stay there, so that the quick ones fill up the end.
WORKERS = $(shell echo $$(( ($$(nproc 2>/dev/null || echo 2) * 3 + 1) / 2 )))
INSTALL := -qq --disable-pip-version-check --no-input --only-binary :all: --no-compile

# Where the environment forbids keeping bytecode, every process that is started would compile everything anew: 6 s of
# processor time instead of 2.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run setup test bench messages chromium

run: setup
	@exec $(BIN)/python -m crm.supervisor

setup: $(VENV)/requirements

test: $(VENV)/requirements-dev chromium
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: $(VENV)/requirements-dev
	$(BIN)/python -m bench

# Collects the strings, merges them into the catalogues, and compiles those.
messages: $(VENV)/requirements-dev
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext --no-location --sort-output -o $(VENV)/messages.pot .
	$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d crm/translations \
		--no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date
	$(BIN)/pybabel -q compile -d crm/translations

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@rm -rf $(VENV)
	@if $(PYTHON) -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --without-pip $(VENV); \
		else $(PYTHON) -m venv $(VENV); fi

# What was installed is kept beside the interpreter: nothing is done again until the list changes.
$(VENV)/requirements: requirements.txt $(BIN)/python
	@echo "Installing what the product needs; this takes less than a minute."
	@$(call install,requirements.txt)
	@cp requirements.txt $@

$(VENV)/requirements-dev: requirements-dev.txt $(VENV)/requirements
	@echo "Installing what the tests need."
	@$(call install,requirements-dev.txt)
	@cp requirements-dev.txt $@

chromium:
	@if ! command -v chromium-headless-shell >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Chromium for the browser tests."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium-headless-shell fonts-liberation; } >/dev/null 2>&1 || true; \
	fi; command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || \
		echo "!!! BROWSER TESTS ARE LEFT OUT: there is no Chromium here (apt-get install chromium) !!!"

# The pip of this machine installs into the virtualenv; a pip of its own would cost seven seconds.
define install
if [ -x $(BIN)/pip ]; then $(BIN)/python -m pip install $(INSTALL) -r $(1); \
	else $(PYTHON) -m pip --python $(BIN)/python install $(INSTALL) -r $(1); fi
endef
