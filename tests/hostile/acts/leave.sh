#!/bin/sh
# Leaves a process behind that has left everything: its parent, its session, its terminal, signals.
# leave.sh TOKEN [FILE]: into FILE it writes from time to time.
token=$1 file=$2
(
	setsid sh -c '
		(
			trap "" HUP TERM INT QUIT
			exec </dev/null >/dev/null 2>&1
			n=0
			while [ $n -lt 600 ]; do
				[ -z "$2" ] || echo "written after all was over: $n" >"$2"
				n=$((n + 1))
				sleep 0.1
			done
		) &
	' "left-$token" "$token" "$file" &
)
