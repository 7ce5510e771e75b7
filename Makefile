# The commands of the project. `make run` and `make test` are all that a newcomer needs.

.DEFAULT_GOAL := help
.PHONY: help run build web deb setup test test-setup format lint test-rust test-sql test-api test-dicomweb test-fhir test-hl7 test-results test-web test-package test-deb sbom schema sqlx openapi chaos fuzz bench bench-peer bench-web test-peers clean

TARGET := $(or $(CARGO_TARGET_DIR),target)

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

run: setup build ## Install what is missing, build, and serve the demo at http://127.0.0.1:8080
	@exec "$(TARGET)/release/medical-portal" serve --demo $(ARGS)

build: web ## Build the release binary with everything in it: target/release/medical-portal
	@cargo build --release --quiet -p portal

deb: build sbom ## Build the Debian package: target/deb/medical-portal_VERSION_ARCH.deb
	@scripts/package-deb

web: ## Build the web interface
	@scripts/build-web

setup: ## Install PostgreSQL's programs and ONNX Runtime, where missing
	@scripts/setup

test: test-setup format web lint test-rust test-sql test-api test-dicomweb test-fhir test-hl7 test-results test-web test-package sbom ## Check everything
	@echo "make test: everything passed"

test-setup:
	@scripts/setup --tests

format:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	scripts/check-dependencies

test-rust:
	cargo test --workspace --quiet

test-sql:
	cargo run --quiet -p pg-embed --example scratch_database -- scripts/prepare-sql --check

test-api:
	scripts/test-api

test-dicomweb: ## Try DICOMweb with dicomweb-client and pydicom
	scripts/test-dicomweb

test-fhir: ## Try FHIR with three validators of R4
	scripts/test-fhir

test-hl7: ## Try HL7 v2 with python-hl7 and hl7apy
	scripts/test-hl7

test-results: ## Try signed results as DICOM and PDF with dcmtk, highdicom and pypdf
	scripts/test-results

test-peers: ## Try DICOM with Orthanc, dcmtk, pynetdicom, highdicom and OHIF's viewer (minutes; not part of make test)
	scripts/test-peers

test-web:
	scripts/test-web

sbom: ## List what is in a release (CycloneDX) in target/sbom
	scripts/make-sbom

test-package:
	cargo build --quiet --workspace --bins --examples
	scripts/test-deb --binary "$(TARGET)/debug/medical-portal" --fast

test-deb: deb ## Build the Debian package, install it, run the portal from it, also under systemd, remove it
	scripts/test-deb
	scripts/test-service "$$(ls -t "$(TARGET)"/deb/*.deb | head -n 1)"

schema: ## Renew database/schema.sql and access.txt from the migrations
	UPDATE_SCHEMA=1 cargo test --quiet -p db --test it -- the_schema_file the_matrix_of_tables

sqlx: ## Renew .sqlx, which queries are checked against, from the migrations
	cargo run --quiet -p pg-embed --example scratch_database -- scripts/prepare-sql

openapi: ## Renew web/openapi.json and the client's types from the server
	cargo run --quiet -p api --example openapi > web/openapi.json
	cd web && npm run --silent generate

bench-peer: build ## Measure the portal side by side with Orthanc (half an hour, on a quiet machine)
	@PORTAL_BINARY="$(TARGET)/release/medical-portal" scripts/bench-peer $(ARGS)

bench-web: build ## Measure the figures of the web interface in docs/BENCHMARKS.md
	@cd web && PORTAL_URL=$${PORTAL_URL:-http://127.0.0.1:8098} node e2e/speed.mjs "$(abspath $(TARGET))/release/medical-portal"

chaos: ## Kill the portal a hundred times while it works (minutes)
	PORTAL_CHAOS_ROUNDS=100 cargo test --quiet -p portal --test it kill_9

fuzz: ## Try the parsers with damaged inputs for MINUTES (10)
	cargo run --quiet -p fuzzing -- --minutes $${MINUTES:-10} $(ARGS)

bench: build ## Measure the figures of docs/BENCHMARKS.md
	scripts/bench "$(TARGET)/release/medical-portal"
	scripts/bench-years "$(TARGET)/release/medical-portal"

clean: ## Remove what was built
	cargo clean
	rm -rf web/dist web/node_modules
