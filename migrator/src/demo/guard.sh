# Runs a server for as long as somebody holds the other end of this script's standard input.
# usage: guard.sh FOLDER SIGNAL LOG PROGRAM [ARGUMENT...]
#
# The end of the pipe is closed by the kernel however its holder dies, so the server never outlives it.
# Prints the server's process id. At the end of input it stops the server and removes FOLDER;
# the input "keep" stops the server alone. FOLDER/exited holds the exit status of a server that is gone.

# A Ctrl-C is meant for the holder; this script ends when the holder does.
trap '' HUP INT TERM
folder=$1 signal=$2 log=$3
shift 3
exec 3<&0

"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
echo "$server"
exec >/dev/null 2>&1

(
    read -r order <&3 || order=remove
    # Once a server is gone its number may belong to another process.
    if [ ! -e "$folder/exited" ]; then kill -s "$signal" "$server"; fi
    tenths=0
    while [ ! -e "$folder/exited" ]; do
        if [ "$tenths" -ge 150 ]; then kill -s KILL "$server"; fi
        tenths=$((tenths + 1))
        sleep 0.1
    done
    [ "$order" != keep ]
) &
watcher=$!

wait "$server"
echo $? >"$folder/exited.new"
mv "$folder/exited.new" "$folder/exited"

if wait "$watcher"; then
    # A Postgres that somebody killed leaves a shared memory segment, named in its lock file.
    segment=$(sed -n '7s/.* //p' "$folder/data/postmaster.pid")
    if [ -n "$segment" ]; then ipcrm -m "$segment"; fi
    cd /
    rm -rf -- "$folder"
fi
