# SPDX-License-Identifier: Apache-2.0
# Completion of davit for fish.  Written by tools/check-cli --write from the option tables.

# The options of command $argv[1] ("-": those before it): "=" stands for a value, "=-" for one that may be attached only.
function __davit_names
	switch ",$argv[1]"
		case ',-'
			printf '%s\n' --root= --cgroup-manager= --systemd-cgroup --log= --log-format= --log-level= --debug --rootless= --version -v --help -h
		case ',create'
			printf '%s\n' --bundle= -b= --config= -f= --console-socket= --pid-file= --pidfd-socket= --preserve-fds= --no-pivot --no-new-keyring --no-subreaper --detach -d --help -h
		case ',delete'
			printf '%s\n' --force -f --regex -r --help -h
		case ',doctor'
			printf '%s\n' --client= -c= --config= --format= -f= --help -h
		case ',events'
			printf '%s\n' --stats --interval= --format= -f= --all -a --help -h
		case ',exec'
			printf '%s\n' --process= -p= --cwd= --user= -u= --additional-gids= -g= --env= -e= --cap= -c= --tty=- -t=- --detach -d --no-new-privs --process-label= --apparmor= --cgroup= --console-socket= --pid-file= --pidfd-socket= --preserve-fds= --ignore-paused --help -h
		case ',features'
			printf '%s\n' --help -h
		case ',help'
			printf '%s\n' --help -h
		case ',kill'
			printf '%s\n' --all -a --regex -r --help -h
		case ',list'
			printf '%s\n' --quiet -q --format= -f= --help -h
		case ',mounts'
			printf '%s\n' --help -h
		case ',pause'
			printf '%s\n' --help -h
		case ',ps'
			printf '%s\n' --format= -f= --help -h
		case ',resume'
			printf '%s\n' --help -h
		case ',run'
			printf '%s\n' --bundle= -b= --config= -f= --console-socket= --pid-file= --pidfd-socket= --preserve-fds= --no-pivot --no-new-keyring --no-subreaper --detach -d --keep --plan --help -h
		case ',spec'
			printf '%s\n' --bundle= -b= --file= -f= --rootless --args= --env= --rootfs= --help -h
		case ',start'
			printf '%s\n' --help -h
		case ',state'
			printf '%s\n' --explain --help -h
		case ',update'
			printf '%s\n' --resources= -r= --blkio-weight= --cpu-period= --cpu-quota= --cpu-burst= --cpu-share= --cpu-idle= --cpu-rt-period= --cpu-rt-runtime= --cpuset-cpus= --cpuset-mems= --kernel-memory= --kernel-memory-tcp= --memory= --memory-reservation= --memory-swap= --pids-limit= --l3-cache-schema= --mem-bw-schema= --help -h
		case ',validate'
			printf '%s\n' --bundle= -b= --config= -f= --help -h
		case ',version'
			printf '%s\n' --help -h
	end
end

# Reads the word $argv[2] as an option of command $argv[1] the way davit does: a prefix of one name, a name behind one dash,
# letters.  Prints the option (the last of letters) as above, and in a second line what comes before a value attached to it.
function __davit_option
	set -l name (string split -m 1 = -- $argv[2])[1]
	set -l options (__davit_names $argv[1]) --usage
	set -l names (string replace -r '=.*' '' -- $options)
	set -l number
	set -l found
	if string match -q -- '--*' $name
		set found (string match -r -- '^'(string escape --style=regex -- $name)'.*' $options)
	else
		set name -$name
	end
	if string match -q -- '--??*' $name; and set number (contains -i -- $name $names)
		set found $options[$number]
	end
	if test (count $found) = 1
		echo -- $found
		string match -qr -- = $argv[2]; and string replace -r '=.*' = -- $argv[2]
		return
	end
	string match -q -- '--*' $argv[2]; and return
	set -l letters (string split '' -- $argv[2])
	for i in (seq 2 (count $letters))
		set found (string match -r -- '^-'(string escape --style=regex -- $letters[$i])'(?:=-?)?$' $options)
		if test "$letters[$(math $i + 1)]" = =
			echo -- "$found"
			string sub -l (math $i + 1) -- $argv[2]
			return
		else if string match -q -- '*=' $found
			echo -- $found
			test $i -lt (count $letters); and string sub -l $i -- $argv[2]
			return
		end
	end
end

# Sets __davit_line to what stands before the cursor: the command ("-" if there is none yet), the number of its operands, "over"
# once there can be no more options, the option whose value comes here, what of the word comes before that, and what --root
# says.  One line is read once: each condition below asks for it.
function __davit_read
	set -l text (commandline -cp | string collect)
	test "$text" = "$__davit_text"; and return
	set -g __davit_text $text
	set -l command -
	set -l operands 0
	set -l over more
	set -l root
	set -l pending
	set -l lead
	set -l read
	set -l words (commandline -opc)
	set -l value
	for word in $words[2..-1]
		set value
		if set -q pending[1]
			test "$command$pending" = ---root=; and set root $word
			set pending
			set value $word
		else if test $over = over; or not string match -qr -- '^-[^0-9]' $word
			if test "$command" = -
				set command $word
				set over more
			else
				set operands (math $operands + 1)
				contains -- "$command" exec ps; and set over over
			end
		else if test "x$word" = x--
			set over over
		else
			set read (__davit_option "$command" $word)
			string match -q -- '*=' $read[1]; or continue
			if set -q read[2]
				test "$command$read[1]" = ---root=; and set root (string sub -s (math (string length -- $read[2]) + 1) -- $word)
			else
				set pending $read[1]
			end
		end
	end
	set -l current (commandline -ct)
	if not set -q pending[1]; and test $over = more; and string match -qr -- '^-[^0-9]' $current
		set read (__davit_option "$command" $current)
		if set -q read[2]
			set pending $read[1]
			set lead $read[2]
		end
	end
	# fish would take a value such as -e for an option that wants one.
	string match -q -- '-*' $value; and not string match -q -- '-*' $current; and set over value
	set -g __davit_line "$command" $operands $over "$pending" "$lead" (string replace -r -- '^~/' $HOME/ $root)
end

# Whether options of command $argv[1] can come here.
function __davit_options
	__davit_read
	test "$__davit_line[1]" = $argv[1]; and test $__davit_line[3] = more
end

# Whether operand $argv[2] of command $argv[1] (or any, without a number) comes here.
function __davit_operand
	__davit_read
	test "$__davit_line[1]" = $argv[1]; and test -z "$__davit_line[4]"; and begin
		not set -q argv[2]; or test $__davit_line[2] = $argv[2]
	end
end

function __davit_has_value
	__davit_read
	test -n "$__davit_line[4]"
end

# The values of an option that is not written as fish knows it.
function __davit_values
	set -l words
	set -l value (string sub -s (math (string length -- "$__davit_line[5]") + 1) -- (commandline -ct))
	switch "$__davit_line[1],$__davit_line[4]"
		case '-,--root=' 'create,--bundle=' 'create,-b=' 'exec,--cwd=' 'run,--bundle=' 'run,-b=' 'spec,--bundle=' 'spec,-b=' 'spec,--rootfs=' 'validate,--bundle=' 'validate,-b='
			set words (__fish_complete_directories "$value" "")
		case '-,--cgroup-manager='
			set words cgroupfs systemd disabled
		case '-,--log=' 'create,--config=' 'create,-f=' 'create,--console-socket=' 'create,--pid-file=' 'create,--pidfd-socket=' 'doctor,--config=' 'exec,--process=' 'exec,-p=' 'exec,--console-socket=' 'exec,--pid-file=' 'exec,--pidfd-socket=' 'run,--config=' 'run,-f=' 'run,--console-socket=' 'run,--pid-file=' 'run,--pidfd-socket=' 'spec,--file=' 'spec,-f=' 'update,--resources=' 'update,-r=' 'validate,--config=' 'validate,-f='
			set words (__fish_complete_path "$value" "")
		case '-,--log-format=' 'doctor,--format=' 'doctor,-f='
			set words text json
		case '-,--log-level='
			set words error warning info debug
		case 'doctor,--client=' 'doctor,-c='
			set words podman buildah docker containerd crio kubernetes
		case 'events,--format=' 'events,-f='
			set words json table prometheus
		case 'exec,--tty=-' 'exec,-t=-'
			set words true false
		case 'list,--format=' 'list,-f=' 'ps,--format=' 'ps,-f='
			set words table json
	end
	printf '%s\n' $__davit_line[5]$words
end

function __davit_ids
	set -l program (string replace -r -- '^~/' $HOME/ (commandline -opc)[1])
	set -l root
	type -q -- $program; or return
	__davit_read
	set -q __davit_line[6]; and set root --root $__davit_line[6]
	# A name that no container can have is not offered.
	$program $root list -q 2>/dev/null | string match -r '^[A-Za-z0-9_+][A-Za-z0-9_+.-]*$'
end

# fish's own function takes --name= for a part of the directory.
function __davit_directories
	__fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct))
end

complete -c davit -f
complete -c davit -n __davit_has_value -a '(__davit_values)'
complete -c davit -n '__davit_operand - 0' -a create -d 'Set a container up, ready for start'
complete -c davit -n '__davit_operand - 0' -a delete -d 'Remove a container and what belongs to it'
complete -c davit -n '__davit_operand - 0' -a doctor -d 'Show what this host offers to containers, and what is missing'
complete -c davit -n '__davit_operand - 0' -a events -d 'Show what containers use, and when memory runs out'
complete -c davit -n '__davit_operand - 0' -a exec -d 'Run another program in a running container'
complete -c davit -n '__davit_operand - 0' -a features -d 'Show what this davit supports as JSON'
complete -c davit -n '__davit_operand - 0' -a help -d 'Tell about a command'
complete -c davit -n '__davit_operand - 0' -a kill -d 'Send a signal (default: TERM) to a container'
complete -c davit -n '__davit_operand - 0' -a list -d 'List the containers'
complete -c davit -n '__davit_operand - 0' -a mounts -d 'Add mounts to a running container, or remove them'
complete -c davit -n '__davit_operand - 0' -a pause -d 'Freeze all processes of a container'
complete -c davit -n '__davit_operand - 0' -a ps -d 'List the processes of a container'
complete -c davit -n '__davit_operand - 0' -a resume -d 'Thaw all processes of a container'
complete -c davit -n '__davit_operand - 0' -a run -d 'Create a container, start it and wait for its end'
complete -c davit -n '__davit_operand - 0' -a spec -d 'Write a config.json to begin with'
complete -c davit -n '__davit_operand - 0' -a start -d 'Start the program of a created container'
complete -c davit -n '__davit_operand - 0' -a state -d 'Show the state of a container as JSON'
complete -c davit -n '__davit_operand - 0' -a update -d 'Change the resource limits of a container'
complete -c davit -n '__davit_operand - 0' -a validate -d 'Check a config and list all its mistakes'
complete -c davit -n '__davit_operand - 0' -a version -d 'Show version and features'
complete -c davit -n '__davit_options -' -l root -x -a '(__davit_directories)' -d 'where the state of containers is kept (default: /run/davit)'
complete -c davit -n '__davit_options -' -l cgroup-manager -x -a 'cgroupfs systemd disabled' -d 'who makes cgroups: cgroupfs (default), systemd or disabled'
complete -c davit -n '__davit_options -' -l systemd-cgroup -d 'the same as --cgroup-manager=systemd'
complete -c davit -n '__davit_options -' -l log -r -F -d 'log to [file:]PATH, syslog:IDENT or journald:IDENT'
complete -c davit -n '__davit_options -' -l log-format -x -a 'text json' -d 'text (default) or json'
complete -c davit -n '__davit_options -' -l log-level -x -a 'error warning info debug' -d 'error (default), warning, info or debug'
complete -c davit -n '__davit_options -' -l debug -d 'the same as --log-level=debug'
complete -c davit -n '__davit_options -' -l rootless -x -d 'accepted as runc does: davit finds out by itself'
complete -c davit -n '__davit_options -' -l version -s v -d 'show version and features'
complete -c davit -n '__davit_options -' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options create' -l bundle -s b -x -a '(__davit_directories)' -d 'directory of the bundle (default: .)'
complete -c davit -n '__davit_options create' -l config -s f -r -F -d 'read this instead of the bundle\'s config.json'
complete -c davit -n '__davit_options create' -l console-socket -r -F -d 'unix socket that receives the terminal'
complete -c davit -n '__davit_options create' -l pid-file -r -F -d 'write the pid of the container\'s process here'
complete -c davit -n '__davit_options create' -l pidfd-socket -r -F -d 'unix socket that receives a pidfd of the container\'s process'
complete -c davit -n '__davit_options create' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the container'
complete -c davit -n '__davit_options create' -l no-pivot -d 'move the root mount instead of pivot_root(2)'
complete -c davit -n '__davit_options create' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c davit -n '__davit_options create' -l no-subreaper -d 'do not adopt orphaned processes'
complete -c davit -n '__davit_options create' -l detach -s d -d 'for callers of run: create always returns'
complete -c davit -n '__davit_options create' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand delete 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options delete' -l force -s f -d 'kill it first if it runs; no error if there is none'
complete -c davit -n '__davit_options delete' -l regex -s r -d 'ID is a regular expression'
complete -c davit -n '__davit_options delete' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options doctor' -l client -s c -x -a 'podman buildah docker containerd crio kubernetes' -d 'would this engine find davit and take it'
complete -c davit -n '__davit_options doctor' -l config -r -F -d 'with --client: read it instead of the engine\'s own'
complete -c davit -n '__davit_options doctor' -l format -s f -x -a 'text json' -d 'text (default) or json'
complete -c davit -n '__davit_options doctor' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand events' -a '(__davit_ids)'
complete -c davit -n '__davit_options events' -l stats -d 'the statistics of this moment, then end'
complete -c davit -n '__davit_options events' -l interval -x -d 'time between statistics (default: 5s)'
complete -c davit -n '__davit_options events' -l format -s f -x -a 'json table prometheus' -d 'json (default), table or prometheus'
complete -c davit -n '__davit_options events' -l all -s a -d 'of every container that is alive'
complete -c davit -n '__davit_options events' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand exec 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options exec' -l process -s p -r -F -d 'read the process from this JSON file; no CMD then'
complete -c davit -n '__davit_options exec' -l cwd -x -a '(__davit_directories)' -d 'working directory in the container'
complete -c davit -n '__davit_options exec' -l user -s u -x -d 'user and group, in numbers'
complete -c davit -n '__davit_options exec' -l additional-gids -s g -x -d 'supplementary groups (repeat)'
complete -c davit -n '__davit_options exec' -l env -s e -x -d 'set an environment variable (repeat)'
complete -c davit -n '__davit_options exec' -l cap -s c -x -d 'add a capability (repeat)'
complete -c davit -n '__davit_options exec' -l tty -s t -a 'true false' -d 'give it a terminal'
complete -c davit -n '__davit_options exec' -l detach -s d -d 'return as soon as it runs'
complete -c davit -n '__davit_options exec' -l no-new-privs -d 'set no_new_privs'
complete -c davit -n '__davit_options exec' -l process-label -x -d 'SELinux label'
complete -c davit -n '__davit_options exec' -l apparmor -x -d 'AppArmor profile'
complete -c davit -n '__davit_options exec' -l cgroup -x -d 'join this cgroup below the container\'s'
complete -c davit -n '__davit_options exec' -l console-socket -r -F -d 'unix socket that receives the terminal'
complete -c davit -n '__davit_options exec' -l pid-file -r -F -d 'write the pid of the process here'
complete -c davit -n '__davit_options exec' -l pidfd-socket -r -F -d 'unix socket that receives a pidfd of the process'
complete -c davit -n '__davit_options exec' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the process'
complete -c davit -n '__davit_options exec' -l ignore-paused -d 'enter a paused container too: the process waits for resume'
complete -c davit -n '__davit_options exec' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options features' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand help 0' -a create -d 'Set a container up, ready for start'
complete -c davit -n '__davit_operand help 0' -a delete -d 'Remove a container and what belongs to it'
complete -c davit -n '__davit_operand help 0' -a doctor -d 'Show what this host offers to containers, and what is missing'
complete -c davit -n '__davit_operand help 0' -a events -d 'Show what containers use, and when memory runs out'
complete -c davit -n '__davit_operand help 0' -a exec -d 'Run another program in a running container'
complete -c davit -n '__davit_operand help 0' -a features -d 'Show what this davit supports as JSON'
complete -c davit -n '__davit_operand help 0' -a help -d 'Tell about a command'
complete -c davit -n '__davit_operand help 0' -a kill -d 'Send a signal (default: TERM) to a container'
complete -c davit -n '__davit_operand help 0' -a list -d 'List the containers'
complete -c davit -n '__davit_operand help 0' -a mounts -d 'Add mounts to a running container, or remove them'
complete -c davit -n '__davit_operand help 0' -a pause -d 'Freeze all processes of a container'
complete -c davit -n '__davit_operand help 0' -a ps -d 'List the processes of a container'
complete -c davit -n '__davit_operand help 0' -a resume -d 'Thaw all processes of a container'
complete -c davit -n '__davit_operand help 0' -a run -d 'Create a container, start it and wait for its end'
complete -c davit -n '__davit_operand help 0' -a spec -d 'Write a config.json to begin with'
complete -c davit -n '__davit_operand help 0' -a start -d 'Start the program of a created container'
complete -c davit -n '__davit_operand help 0' -a state -d 'Show the state of a container as JSON'
complete -c davit -n '__davit_operand help 0' -a update -d 'Change the resource limits of a container'
complete -c davit -n '__davit_operand help 0' -a validate -d 'Check a config and list all its mistakes'
complete -c davit -n '__davit_operand help 0' -a version -d 'Show version and features'
complete -c davit -n '__davit_options help' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand kill 0' -a '(__davit_ids)'
complete -c davit -n '__davit_operand kill 1' -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
complete -c davit -n '__davit_options kill' -l all -s a -d 'every process of the container'
complete -c davit -n '__davit_options kill' -l regex -s r -d 'ID is a regular expression'
complete -c davit -n '__davit_options kill' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options list' -l quiet -s q -d 'the ids only'
complete -c davit -n '__davit_options list' -l format -s f -x -a 'table json' -d 'table (default) or json'
complete -c davit -n '__davit_options list' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand mounts 0' -a 'add remove'
complete -c davit -n '__davit_operand mounts 1' -a '(__davit_ids)'
complete -c davit -n '__davit_operand mounts 2' -F
complete -c davit -n '__davit_options mounts' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand pause 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options pause' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand ps 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options ps' -l format -s f -x -a 'table json' -d 'table (default) or json'
complete -c davit -n '__davit_options ps' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand resume 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options resume' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options run' -l bundle -s b -x -a '(__davit_directories)' -d 'directory of the bundle (default: .)'
complete -c davit -n '__davit_options run' -l config -s f -r -F -d 'read this instead of the bundle\'s config.json'
complete -c davit -n '__davit_options run' -l console-socket -r -F -d 'unix socket that receives the terminal'
complete -c davit -n '__davit_options run' -l pid-file -r -F -d 'write the pid of the container\'s process here'
complete -c davit -n '__davit_options run' -l pidfd-socket -r -F -d 'unix socket that receives a pidfd of the container\'s process'
complete -c davit -n '__davit_options run' -l preserve-fds -x -d 'pass N more descriptors, from 3 on, to the container'
complete -c davit -n '__davit_options run' -l no-pivot -d 'move the root mount instead of pivot_root(2)'
complete -c davit -n '__davit_options run' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c davit -n '__davit_options run' -l no-subreaper -d 'do not adopt orphaned processes'
complete -c davit -n '__davit_options run' -l detach -s d -d 'return as soon as the container runs'
complete -c davit -n '__davit_options run' -l keep -d 'keep the stopped container: do not delete it'
complete -c davit -n '__davit_options run' -l plan -d 'print what would be done and change nothing'
complete -c davit -n '__davit_options run' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options spec' -l bundle -s b -x -a '(__davit_directories)' -d 'directory of the bundle (default: .)'
complete -c davit -n '__davit_options spec' -l file -s f -r -F -d 'write this file, relative to the bundle, even if it exists'
complete -c davit -n '__davit_options spec' -l rootless -d 'for a user who is not root'
complete -c davit -n '__davit_options spec' -l args -x -d 'the program and its arguments, one word each time (repeat; default: sh)'
complete -c davit -n '__davit_options spec' -l env -x -d 'set an environment variable (repeat)'
complete -c davit -n '__davit_options spec' -l rootfs -x -a '(__davit_directories)' -d 'the root file system, relative to the bundle (default: rootfs)'
complete -c davit -n '__davit_options spec' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand start 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options start' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand state 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options state' -l explain -d 'tell how the answer was found, as text'
complete -c davit -n '__davit_options state' -l help -s h -d 'show this help'
complete -c davit -n '__davit_operand update 0' -a '(__davit_ids)'
complete -c davit -n '__davit_options update' -l resources -s r -r -F -d 'read a linux.resources document; - is standard input'
complete -c davit -n '__davit_options update' -l blkio-weight -x -d 'weight of its block I/O, 10 to 1000'
complete -c davit -n '__davit_options update' -l cpu-period -x -d 'period of the CPU quota, in microseconds'
complete -c davit -n '__davit_options update' -l cpu-quota -x -d 'CPU time in a period, in microseconds; -1: no limit'
complete -c davit -n '__davit_options update' -l cpu-burst -x -d 'unused CPU time that may be added to a later period'
complete -c davit -n '__davit_options update' -l cpu-share -x -d 'share of CPU time, 2 to 262144'
complete -c davit -n '__davit_options update' -l cpu-idle -x -d '1: run only when nothing else does'
complete -c davit -n '__davit_options update' -l cpu-rt-period -x -d 'period of the real-time CPU limit'
complete -c davit -n '__davit_options update' -l cpu-rt-runtime -x -d 'real-time CPU time in a period'
complete -c davit -n '__davit_options update' -l cpuset-cpus -x -d 'CPUs to run on, as in 0-3,7'
complete -c davit -n '__davit_options update' -l cpuset-mems -x -d 'memory nodes to use'
complete -c davit -n '__davit_options update' -l kernel-memory -x -d 'kernel memory (cgroup v1, before Linux 5.16)'
complete -c davit -n '__davit_options update' -l kernel-memory-tcp -x -d 'kernel memory of TCP buffers (cgroup v1)'
complete -c davit -n '__davit_options update' -l memory -x -d 'memory; -1: no limit'
complete -c davit -n '__davit_options update' -l memory-reservation -x -d 'memory it keeps when the host has little'
complete -c davit -n '__davit_options update' -l memory-swap -x -d 'memory and swap together; -1: no limit'
complete -c davit -n '__davit_options update' -l pids-limit -x -d 'processes and threads; -1: no limit'
complete -c davit -n '__davit_options update' -l l3-cache-schema -x -d 'resctrl schema of the L3 cache'
complete -c davit -n '__davit_options update' -l mem-bw-schema -x -d 'resctrl schema of the memory bandwidth'
complete -c davit -n '__davit_options update' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options validate' -l bundle -s b -x -a '(__davit_directories)' -d 'directory of the bundle (default: .)'
complete -c davit -n '__davit_options validate' -l config -s f -r -F -d 'check this instead of the bundle\'s config.json'
complete -c davit -n '__davit_options validate' -l help -s h -d 'show this help'
complete -c davit -n '__davit_options version' -l help -s h -d 'show this help'
