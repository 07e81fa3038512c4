# Runs a server until its standard input ends, which it does when the process that gives the orders is gone, however it
# went. Then it stops the server at once and removes the folder.
# END_WITH names another signal than PostgreSQL's for that.
#   sh watchdog.sh FOLDER POSTGRES [ARGUMENT…]
folder=$1
shift
# The processes that work in the server's data folder.
in_data() {
  for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/cwd" 2>/dev/null)" = "$folder/data" ]; then echo "${process#/proc/}"; fi
  done
}
while read -r order; do
  case $order in
    start)
      "$@" </dev/null >>"$folder/log" 2>&1 &
      server=$!
      ;;
    kill)
      kill -STOP "$server"
      kill -KILL "$server" $(cat "/proc/$server/task/$server/children" 2>/dev/null) 2>/dev/null
      wait "$server" 2>/dev/null
      # One that was forked while the list was read would keep the next server from starting.
      while left=$(in_data) && [ -n "$left" ]; do
        kill -KILL $left 2>/dev/null
        sleep 0.01
      done
      ;;
    abort)
      kill -QUIT "$server"
      wait "$server" 2>/dev/null
      ;;
    stop)
      kill -INT "$server"
      wait "$server" 2>/dev/null
      ;;
  esac
  echo done
done
kill "-${END_WITH:-QUIT}" "$server" 2>/dev/null
wait
rm -rf "$folder"
