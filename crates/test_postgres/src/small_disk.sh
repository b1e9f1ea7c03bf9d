# Runs a supervisor where the folder `small` of its server is a file system of its own, of so many mebibytes. It
# is mounted where no other process sees it, and goes with the last process that does. Arguments: the size, the
# server's user and group, the supervisor, then what the supervisor takes: programs, folder, what lies there.
size=$1 user=$2 group=$3 supervise=$4
shift 4
folder=$2
mkdir "$folder/small"
mount='mount -t tmpfs -o size="$0"m,mode=777 florin "$1/small" || exit
shift'
if [ "$(id -u)" = 0 ]; then
    unshare --mount sh -c "$mount"'
        user=$1 group=$2 supervise=$3
        shift 3
        exec setpriv --reuid "$user" --regid "$group" --clear-groups sh -c "$supervise" supervise "$@"' \
        "$size" "$folder" "$user" "$group" "$supervise" "$@"
else
    # Whoever is not root may be so in a name space, and has to be somebody else again for PostgreSQL.
    unshare --user --map-root-user --mount sh -c "$mount"'
        user=$1 group=$2 supervise=$3
        shift 3
        exec unshare --user --map-user "$user" --map-group "$group" sh -c "$supervise" supervise "$@"' \
        "$size" "$folder" "$user" "$group" "$supervise" "$@"
fi
# Now that the small disk is gone.
rm -rf "$folder"
