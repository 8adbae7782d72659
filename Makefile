# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PARTS = lint sanity units integration checkout oracle examples site project browser validators windows hosts artifact
ARGS =

.PHONY: help setup audit baseline test $(PARTS) campaign lockout pictures release test-hosts bench clean distclean

help:
	@echo 'make audit                      show what listens on this machine, and who holds it'
	@echo 'make audit ARGS="-i hosts.ini"  the same for an inventory; ARGS go to ansible-playbook'
	@echo 'make baseline                   write what listens as a declaration, for you to review; ARGS as above'
	@echo 'make test                       all tests; single parts: make $(PARTS)'
	@echo 'make campaign                   much more of what is tried at random; takes an hour'
	@echo 'make lockout                    faults while changes are tried; RUNS=300 of each kind, some 80 minutes'
	@echo 'make pictures                   the pictures and sample reports of the documentation, anew from real hosts'
	@echo 'make site                       the documentation as a site, in docs/site/html; needs no network'
	@echo 'make release                    the changelog of the version in galaxy.yml, of all fragments; see CONTRIBUTING.md'
	@echo 'make bench                      benchmarks; ARGS="--help" says what there is'
	@echo 'make clean                      remove what these commands made in the checkout'
	@echo 'make distclean                  and the environments that tests keep in ~/.cache/listening-ports'

setup:
	@sh tools/setup.sh

audit baseline:
	@PLAYBOOK=$@ sh tools/audit.sh $(ARGS)

test: setup
	@.venv/bin/python -B tests/tools/run.py

$(PARTS) campaign pictures release: setup
	@.venv/bin/python -B tests/tools/run.py $@

lockout: setup
	@.venv/bin/python -B tests/tools/run.py --jobs 1 lockout

test-hosts: hosts

bench: setup
	@.venv/bin/python -B tests/benchmarks/bench.py $(ARGS)

clean:
	rm -rf .venv listening-ports-audit listening-ports-baseline listening-ports-drift listening-ports-probe \
		listening-ports-reach .ansible .nox .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/output docs/site/html listening-ports-*.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/listening-ports"
