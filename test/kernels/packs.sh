#!/usr/bin/env bash
# packs.sh ENGINE: the self-tests of all packs on this kernel. Root. Each policy has to fire, or another that says it stands in for it.
# Prints "ok …" and "not ok …" lines and a closing total; without one, it came to no end.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
TELOVIX_SENSOR_ENGINE_PATH=$1 node_modules/.bin/bun src/main.ts policy test $(ls embed/packs) | awk '
	/^[0-9]+ fired, / { printf "%d passed, %d failed\n", passed, failed; next }
	/^(fired|covered) / { passed++; $1 = "ok pack: " ($1 == "fired" ? "" : "covered: ") }
	/^(PARTLY|SILENT) / { failed++; $1 = "not ok pack: " tolower($1) ": " }
	{ print }'
