# Everything a person does with the source, each in one word. A target sets up what it needs.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run demo test check fix bench fuzz clean

UV := .tools/bin/uv
VENV := .venv/bin
ASSETS := src/letterbook/web/static/build/letterbook.css
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help:  ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: .make/ready  ## Run Letterbook at http://127.0.0.1:8025
	$(VENV)/letterbook serve

demo: .make/ready  ## Run it with a sample team on a Gmail inside Letterbook
	$(VENV)/letterbook serve --demo

# A third of the time a test waits, for a browser or for a worker that was killed: three processes fill two cores.
test: .make/ready .make/debian  ## Run the tests (PostgreSQL comes with the packages)
	$(VENV)/npm test --silent
	$(VENV)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: .make/ready  ## Formatting, lint, types, import rules, migrations, templates
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python tests/rules/check_migrations.py
	git ls-files 'src/letterbook/**/*.html' | xargs $(VENV)/djade --check --target-version 5.2

fix: .make/ready  ## Format and mend what can be mended
	$(VENV)/ruff check --fix . && $(VENV)/ruff format .
	git ls-files 'src/letterbook/**/*.html' | xargs $(VENV)/djade --target-version 5.2

bench: .make/ready  ## Measure speed and write docs/performance.md
	$(VENV)/python -m bench

fuzz: .make/ready  ## Feed the parser odd bytes for two minutes (Atheris is fetched for this alone)
	$(UV) run --locked --with "atheris>=3,<4" python tests/mime/fuzz_parsing.py -max_total_time=120

clean:  ## Remove what was built and installed here
	rm -rf .venv .tools .make node_modules src/letterbook/web/static/build

# --- set-up, redone only when its sources changed ---------------------------------------------------------------

.make/ready: .make/python $(ASSETS)
	@touch $@

.make/uv:
	@mkdir -p .make
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@touch $@

.make/python: .make/uv pyproject.toml uv.lock
	$(UV) sync --locked --quiet
	@touch $@

.make/npm: .make/python package.json package-lock.json
	$(VENV)/npm ci --no-progress --loglevel=error
	@touch $@

$(ASSETS): .make/npm package.json $(shell find src/letterbook/web/assets src/letterbook/web/templates -type f 2>/dev/null)
	$(VENV)/npm run --silent build
	@touch $@

# Chromium for the browser tests and strace for those that kill a worker at an exact statement: from Debian's packages where
# we may install them, else what needs them is skipped and says so.
.make/debian: .make/python
	@{ command -v chromium && command -v strace; } >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium strace >/dev/null; } \
		|| echo "Some tests are skipped: they need Chromium and strace (apt-get install chromium strace)"
	@mkdir -p .make && touch $@
