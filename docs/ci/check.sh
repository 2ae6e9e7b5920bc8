#!/usr/bin/env bash
# The steps of a check, for every forge and for a shell: bash docs/ci/check.sh lint|build|contracts|diff|package|docs
# BASE is what the change is compared with (origin/main), BIN where the programs lie, CI_OUT what is written.
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"
BASE="${BASE:-origin/main}"
BIN="${BIN:-.venv/bin}"
OUT="${CI_OUT:-target/ci}"
# A home of its own: neither a ledger nor a delivery of this machine is touched.
export STAMMDATEN_HOME="${STAMMDATEN_HOME:-$PWD/$OUT/home}"
mkdir -p "$OUT"
(umask 077 && mkdir -p "$STAMMDATEN_HOME")

changed() {  # files of these kinds that the change adds or alters, each ended by a NUL
    git diff --name-only --diff-filter=d -z "$(git merge-base "$BASE" HEAD)" -- "$@"
}

case "${1:-}" in
lint)  # changed models, and all Python, which takes a second
    "$BIN/ruff" check . && "$BIN/ruff" format --check .
    changed 'models/*.sql' | xargs -0 --no-run-if-empty "$BIN/sqlfluff" lint --disable-progress-bar
    ;;
build)  # the sample, every model with its data tests and unit tests; what no partner gets counts for nothing here
    "$BIN/stammdaten" sample --out "$OUT/sample"
    SOURCES__ERP__KIND=files SOURCES__ERP__FILES__FOLDER="$PWD/$OUT/sample" "$BIN/stammdaten" load
    "$BIN/dbt" build --fail-fast --target-path "$STAMMDATEN_HOME/dbt" --log-path "$STAMMDATEN_HOME/dbt/logs"
    ;;
contracts)  # keys and values, what they say together, and pages that are made from them
    "$BIN/check-jsonschema" --schemafile docs/editor/contract.schema.json pipelines/partners/*/contract.yaml
    "$BIN/check-jsonschema" --schemafile docs/editor/profile.schema.json pipelines/partners/*/profile.yaml
    "$BIN/stammdaten" partners
    "$BIN/python" -m pipelines.pages --check
    ;;
diff)  # which records would be sent differently; FAIL_ON= lets everything pass, FAIL_ON=…,fields is for a branch that
    # says it changes nothing: a value that is another one of the same type trips nothing else
    rm -f "$OUT/diff.md"  # of an earlier change
    "$BIN/stammdaten" diff --base "$BASE..." --sample --all-partners --format markdown --out "$OUT/diff.md" \
        --fail-on "${FAIL_ON-ids,withdraw,guards,failures,contract,rules}"
    ;;
package)
    "$BIN/python" -m pip wheel . --quiet --no-deps --no-build-isolation --wheel-dir "$OUT/dist"
    ;;
docs)
    "$BIN/python" -m pipelines.docs_site "$OUT/site"
    ;;
*)
    sed -n '2,3p' "$0" >&2
    exit 2
    ;;
esac
