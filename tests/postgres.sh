#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A throw-away PostgreSQL for the store tests: its own cluster in a temporary folder, on a UNIX socket there, no TCP.
#
#   tests/postgres.sh start        prints the conninfo for OTABAHN_TEST_POSTGRES
#   tests/postgres.sh stop DIR     DIR: the host= of that conninfo
#   tests/postgres.sh run CMD…     starts one, runs CMD with OTABAHN_TEST_POSTGRES set, stops it; exits as CMD did
#
# Root may not run PostgreSQL, so under root the user postgres of Debian's package does. Nothing in it outlives a test, so it does not sync.
set -eu

bin=${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}

as_owner() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

start() {
    [ -x "$bin/initdb" ] || { echo "tests/postgres.sh: no $bin/initdb; install the package postgresql-15, or set POSTGRES_BIN" >&2; exit 1; }
    # In memory where there is room: making and dropping tables is most of what the tests wait for.
    parent=/tmp
    free=$(df -k --output=avail /dev/shm 2>/dev/null | tail -1 | tr -d ' ')
    [ "${free:-0}" -gt 2000000 ] && [ -w /dev/shm ] && parent=/dev/shm
    dir=$(mktemp -d "$parent/otabahn-postgres-XXXXXX")
    [ "$(id -u)" = 0 ] && chown postgres "$dir"
    chmod 755 "$dir"
    as_owner "$bin/initdb" -D "$dir/data" -U otabahn -A trust --locale=C -E UTF8 --no-sync >"$dir.log" 2>&1 || { cat "$dir.log" >&2; exit 1; }
    as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -w -t 60 \
        -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=off -c max_connections=200" start >>"$dir.log" 2>&1 || {
        cat "$dir.log" "$dir/data/server.log" >&2
        exit 1
    }
    rm -f "$dir.log"
    echo "host=$dir user=otabahn dbname=postgres"
}

stop() {
    as_owner "$bin/pg_ctl" -D "$1/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$1"
}

case ${1:-} in
start) start ;;
stop)
    [ -f "${2:?DIR is missing: the host= of the conninfo}/data/PG_VERSION" ] || { echo "tests/postgres.sh: $2 is no folder that start made" >&2; exit 2; }
    stop "$2"
    ;;
run)
    shift
    OTABAHN_TEST_POSTGRES=$(start)
    export OTABAHN_TEST_POSTGRES
    dir=${OTABAHN_TEST_POSTGRES#host=}
    dir=${dir%% *}
    trap 'stop "$dir"' EXIT
    trap 'exit 130' INT TERM
    status=0
    "$@" || status=$?
    exit "$status"
    ;;
*)
    sed -n '3,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
