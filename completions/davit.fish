# SPDX-License-Identifier: Apache-2.0
# Completion of davit for fish.  Written by tools/check-cli --write from the option tables.

# Whether option $argv[2] of command $argv[1] takes the next word.
function __davit_takes_word
	switch "$argv[1],$argv[2]"
		case '-,--root' '-,--cgroup-manager' '-,--log' '-,--log-format' '-,--log-level' '-,--rootless' \
			'create,--bundle' 'create,-b' 'create,--config' 'create,-f' 'create,--console-socket' 'create,--pid-file' 'create,--pidfd-socket' 'create,--preserve-fds' \
			'doctor,--client' 'doctor,-c' 'doctor,--config' 'doctor,--format' 'doctor,-f' \
			'events,--interval' 'events,--format' 'events,-f' \
			'exec,--process' 'exec,-p' 'exec,--cwd' 'exec,--user' 'exec,-u' 'exec,--additional-gids' 'exec,-g' 'exec,--env' 'exec,-e' 'exec,--cap' 'exec,-c' 'exec,--process-label' 'exec,--apparmor' 'exec,--cgroup' 'exec,--console-socket' 'exec,--pid-file' 'exec,--pidfd-socket' 'exec,--preserve-fds' \
			'list,--format' 'list,-f' \
			'ps,--format' 'ps,-f' \
			'run,--bundle' 'run,-b' 'run,--config' 'run,-f' 'run,--console-socket' 'run,--pid-file' 'run,--pidfd-socket' 'run,--preserve-fds' \
			'spec,--bundle' 'spec,-b' 'spec,--file' 'spec,-f' 'spec,--args' 'spec,--env' 'spec,--rootfs' \
			'update,--resources' 'update,-r' 'update,--blkio-weight' 'update,--cpu-period' 'update,--cpu-quota' 'update,--cpu-burst' 'update,--cpu-share' 'update,--cpu-idle' 'update,--cpu-rt-period' 'update,--cpu-rt-runtime' 'update,--cpuset-cpus' 'update,--cpuset-mems' 'update,--kernel-memory' 'update,--kernel-memory-tcp' 'update,--memory' 'update,--memory-reservation' 'update,--memory-swap' 'update,--pids-limit' 'update,--l3-cache-schema' 'update,--mem-bw-schema' \
			'validate,--bundle' 'validate,-b' 'validate,--config' 'validate,-f'
			return 0
	end
	return 1
end

# Sets __davit_line to what stands before the cursor: the command ("-" if there is none yet), the number of its operands, "over"
# once there can be no more options, and what --root says.  One line is read once: each condition below asks for it.
function __davit_read
	set -l text (commandline -cp | string collect)
	test "$text" = "$__davit_text"; and return
	set -g __davit_text $text
	set -l command -
	set -l operands 0
	set -l over more
	set -l root
	set -l pending
	set -l words (commandline -opc)
	for word in $words[2..-1]
		if set -q pending[1]
			test "$command$pending" = ---root; and set root $word
			set pending
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
		else if test "$command" = -; and string match -q -- '--root=*' $word
			set root (string replace -- --root= '' $word)
		else if __davit_takes_word "$command" $word
			set pending $word
		end
	end
	set -g __davit_line "$command" $operands $over (string replace -r -- '^~/' $HOME/ $root)
end

# Whether options of command $argv[1] can come here.
function __davit_options
	__davit_read
	test "$__davit_line[1]" = $argv[1]; and test $__davit_line[3] = more
end

# Whether operand $argv[2] of command $argv[1] (or any, without a number) comes here.
function __davit_operand
	__davit_read
	test "$__davit_line[1]" = $argv[1]; and begin
		not set -q argv[2]; or test $__davit_line[2] = $argv[2]
	end
end

function __davit_ids
	set -l program (string replace -r -- '^~/' $HOME/ (commandline -opc)[1])
	set -l root
	type -q -- $program; or return
	__davit_read
	set -q __davit_line[4]; and set root --root $__davit_line[4]
	# A name that no container can have is not offered.
	$program $root list -q 2>/dev/null | string match -r '^[A-Za-z0-9_+][A-Za-z0-9_+.-]*$'
end

# fish's own function takes --name= for a part of the directory.
function __davit_directories
	__fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct))
end

complete -c davit -f
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
