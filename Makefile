# `make run` serves the gallery, `make test` checks it. Each fills .venv first, and again only when its list of
# packages changes: the stamps carry a checksum of the lists, so a second run needs no network.
.PHONY: run test

checksum = $(shell cat scripts/install.sh $(1) | cksum | cut -d' ' -f1)
RUN := .venv/.run-$(call checksum,requirements.txt)
TEST := .venv/.test-$(call checksum,requirements.txt requirements-dev.txt)
# Compiled ahead even where PYTHONDONTWRITEBYTECODE is set: without it every start compiles everything again.
COMPILE = .venv/bin/python -m compileall -q app.py demos dlcv benchmarks

run: $(RUN)
	@$(COMPILE)
	@.venv/bin/python app.py

test: $(TEST)
	@$(COMPILE)
	.venv/bin/python -m tests.support.chromium
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-logo
	.venv/bin/python -m tests.support.javascript
	.venv/bin/python -m pytest

$(RUN):
	@sh scripts/install.sh requirements.txt
	@rm -f .venv/.run-* && touch $@

$(TEST): $(RUN)
	@sh scripts/install.sh requirements-dev.txt
	@rm -f .venv/.test-* && touch $@
