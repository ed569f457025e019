#!/bin/sh
# tests/fuzz/run.sh SECONDS [TARGET...]: builds the fuzz targets with clang, ASan and UBSan and runs each
# for SECONDS. Seeds come from tests/data and, where it is there, from $MIDWATCH_SHARED (default:
# ../shared beside the source). Prints the seed of the random numbers, a line for each target, and fails
# with the input's path when one finds something. FUZZ_SEED repeats a run, FUZZ_BUILD names the build
# directory (default: build-fuzz).
set -eu
[ $# -ge 1 ] || { echo "usage: $0 SECONDS [TARGET...]" >&2; exit 64; }
seconds=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
shared=${MIDWATCH_SHARED:-$top/../shared}
build=${FUZZ_BUILD:-$top/build-fuzz}
seed=${FUZZ_SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}

if [ ! -f "$build/build.ninja" ]; then
    CC=clang meson setup "$build" "$top" -Dfuzz=true -Db_sanitize=address,undefined \
        -Db_lundef=false >/dev/null
fi
names=${*:-$(cd "$top/tests/fuzz" && ls ./*.c | sed 's,^\./,,;s,\.c$,,')}
targets=
for name in $names; do
    targets="$targets tests/fuzz/fuzz_$name"
done
# shellcheck disable=SC2086
ninja -C "$build" $targets >"$build/fuzz-build.log" 2>&1 || { cat "$build/fuzz-build.log"; exit 1; }

# The seeds of a target: files of our own, then real ones. A missing folder is no seed.
seeds() {
    case $1 in
    json) echo "$top/tests/data/health $shared/corpus/conformance/json-test-suite $shared/corpus/health" ;;
    healthbody) echo "$top/tests/data/health $shared/corpus/health" ;;
    exposition) echo "$shared/corpus/exposition" ;;
    text) echo "$top/tests/data/health $shared/corpus/conformance" ;;
    yaml) echo "$top/examples $shared/corpus/conformance/yaml-test-suite" ;;
    logline) echo "$top/tests/data/logs" ;;
    dns) echo "$top/tests/data/dns" ;;
    prometheus) echo "$top/tests/data/prometheus" ;;
    resp) echo "$top/tests/data/resp $shared/corpus/outputs" ;;
    backup_tools) echo "$top/tests/data/backups $shared/corpus/outputs" ;;
    s3_listing) echo "$top/tests/data/backups" ;;
    *) echo "" ;;
    esac
}

status=0
echo "fuzz: seed $seed, $seconds s a target"
for name in $names; do
    work=$build/fuzz/$name
    mkdir -p "$work/corpus" "$work/found"
    dirs=
    for dir in $(seeds "$name"); do
        [ -d "$dir" ] && dirs="$dirs $dir"
    done
    dict=
    [ -f "$top/tests/fuzz/$name.dict" ] && dict="-dict=$top/tests/fuzz/$name.dict"
    # shellcheck disable=SC2086
    if "$build/tests/fuzz/fuzz_$name" -seed="$seed" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 -verbosity=1 $dict \
        -artifact_prefix="$work/found/" "$work/corpus" $dirs >"$work/log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
        echo "fuzz: $name: ${runs:-0} runs, nothing found"
    else
        tail -40 "$work/log"
        echo "fuzz: $name: FOUND, see $work/found and $work/log (seed $seed)"
        status=1
    fi
done
exit $status
