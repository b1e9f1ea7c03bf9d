# Runs one PostgreSQL server for whoever holds the other end of standard input, and leaves nothing behind when
# that end closes, however its holder ended. Arguments: the folder of PostgreSQL's programs, the server's folder,
# and what is special: nothing; wal or tablespace, which lies on a small disk then; or kept, where the folder stays.
bin=$1 folder=$2 small=$3

control() {
    # The log takes what the server says, so that nothing but answers goes to standard output.
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 "$@" >/dev/null 2>&1 </dev/null
}
# A server that was killed may leave processes for a moment, and one that broke down may still be about to end:
# one that is there and takes nobody is waited for, and one that is not is started, a few times.
start() {
    failures=0 killed=no
    for _ in $(seq 600); do
        port=$(sed -n 4p "$folder/data/postmaster.pid" 2>/dev/null)
        "$bin/pg_isready" -q -h "$folder" -p "${port:-0}" 2>/dev/null && return 0
        control status || control start || failures=$((failures + 1))
        [ "$failures" -lt 20 ] || return 1
        sleep 0.1
    done
    return 1
}
kill_at_once() {
    kill -9 "$(sed -n 1p "$folder/data/postmaster.pid")" && killed=yes
}
fill() {
    # Ends where there is no room left, and that is no failure.
    dd if=/dev/zero of="$folder/small/ballast" bs=4k 2>/dev/null
    return 0
}
answer() {
    if [ "$1" -eq 0 ]; then echo done; else echo failed; fi
}

case $small in
wal) mv "$folder/data/pg_wal" "$folder/small/wal" && ln -s "$folder/small/wal" "$folder/data/pg_wal" ;;
tablespace) mkdir "$folder/small/tablespace" ;;
esac
start
answer $?
while read -r command; do
    case $command in
    start) start ;;
    stop) control -m fast stop ;;
    crash) control -m immediate stop ;;
    kill) kill_at_once ;;
    promote) control promote ;;
    fill) fill ;;
    free) rm "$folder/small/ballast" ;;
    esac
    answer $?
done
if [ "$small" = kept ]; then
    control -m fast stop
    exit
fi
# The number of a process that was killed may be another's by now.
[ "$killed" = yes ] || control -m immediate stop
# What a killed server leaves behind ends by itself, but may write until then. A small disk goes later.
for _ in $(seq 100); do
    rm -rf "$folder/data" && break
    sleep 0.1
done 2>/dev/null
rm -rf "$folder" 2>/dev/null
