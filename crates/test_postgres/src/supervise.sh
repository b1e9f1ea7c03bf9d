# Runs one PostgreSQL server for whoever holds the other end of standard input, and leaves nothing behind when
# that end closes, however its holder ended. Arguments: the folder of PostgreSQL's programs, the server's folder.
bin=$1 folder=$2

start() {
    # -W would not wait; the log takes what the server says, so that nothing but answers goes to standard output.
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1 </dev/null
}
stop() {
    "$bin/pg_ctl" -D "$folder/data" -m "$1" -w -t 60 stop >/dev/null 2>&1 </dev/null
}
answer() {
    if [ "$1" -eq 0 ]; then echo done; else echo failed; fi
}

start
answer $?
while read -r command; do
    case $command in
    start) start ;;
    stop) stop fast ;;
    crash) stop immediate ;;
    esac
    answer $?
done
stop immediate
rm -rf "$folder"
