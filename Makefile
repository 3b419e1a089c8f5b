# What can be done here; `make` alone lists it. Everything sets itself up: only Python 3.11 or later, git and make are needed.
.DEFAULT_GOAL := help
.PHONY: help setup demo up browser test whole-systems all-others check format lint types contract imports fresh generate bench
bin := .venv/bin
# Where this is set, as in many containers, every program that a test starts would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
heading = @printf '\n== %s\n'

help: ## say what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready ## make the environment, or bring it up to date

demo: .venv/ready ## see the main job happen: a time log, its signed webhook, the Dag run it causes
	@$(bin)/python examples/demo

up: .venv/ready ## start a server and Airflow with the example Dags, until Ctrl-C
	@$(bin)/python examples/demo/up.py

# What starts a whole Airflow mostly waits for it, so the rest goes on beside it.
test: .venv/ready ## run all the tests
	@$(MAKE) --no-print-directory --jobs 2 whole-systems all-others

whole-systems: .venv/ready
	@mkdir -p .cache
	@$(bin)/pytest -m alone > .cache/whole-systems.log 2>&1; ended=$$?; \
	printf '\n== test: whole systems, one at a time\n'; cat .cache/whole-systems.log; exit $$ended

# Each process has a part of the files, and takes from the other's when it is done with them.
all-others: .venv/ready
	$(heading) "test: everything else, in two processes"
	@$(bin)/pytest -m "not alone and not browser" --numprocesses 2 --dist worksteal

browser: .venv/ready ## see the connection form work in Chromium, which must be installed
	$(heading) "browser: Airflow's connection form"
	@$(bin)/pytest -m browser

check: lint types contract imports fresh test ## everything that must hold before a change is accepted

format: .venv/ready ## format the code and the contract, and mend what can be mended
	@$(bin)/ruff check --fix
	@$(bin)/ruff format
	@tools/lint-proto --write

lint: .venv/ready ## check the form of the code
	$(heading) "lint: form and style of the code"
	@$(bin)/ruff format --check
	@$(bin)/ruff check

types: .venv/ready ## check the types
	$(heading) "types"
	@$(bin)/mypy

contract: .venv/ready ## check the contract, and that it breaks no earlier promise
	$(heading) "contract: form, style and promises of proto/"
	@tools/lint-proto

imports: .venv/ready ## check that imports point one way, down
	$(heading) "imports: one way down"
	@$(bin)/lint-imports --no-logo

fresh: .venv/ready .venv-generate/ready ## check that the generated code is what proto/ says
	$(heading) "fresh: generated code is what proto/ says"
	@tools/check-generated

generate: .venv/ready .venv-generate/ready ## write the generated code and the reference anew
	@tools/generate
	@tools/write-reference
	@echo "core/clockwire/v1 is what proto/ says, and docs/reference what the code says."

bench: .venv-bench/ready ## measure Clockwire beside Celery with Redis
	@.venv-bench/bin/python -m bench $(BENCH)

.venv/ready: pyproject.toml airflow_provider/pyproject.toml constraints.txt tools/setup tools/environments
	@tools/setup

.venv-bench/ready: pyproject.toml constraints.txt tools/setup-bench | .venv/ready
	@tools/setup-bench

.venv-generate/ready: tools/setup-generate | .venv/ready
	@tools/setup-generate
