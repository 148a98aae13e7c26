# SPDX-License-Identifier: Apache-2.0
# Completion of davit for bash.  Written by tools/check-cli --write from the option tables.
#
# The functions set `kind` (ids, dir, file) or `words` of their caller.

# The value of option $2 of command $1, and "--name=" for a value that may be attached only.
# The status tells whether there is one.
_davit_value()
{
	case $1,$2 in
	,--root) kind=dir ;;
	,--cgroup-manager) words='cgroupfs systemd disabled' ;;
	,--log) kind=file ;;
	,--log-format) words='text json' ;;
	,--log-level) words='error warning info debug' ;;
	,--rootless) ;;
	create,--bundle|create,-b) kind=dir ;;
	create,--config|create,-f) kind=file ;;
	create,--console-socket) kind=file ;;
	create,--pid-file) kind=file ;;
	create,--pidfd-socket) kind=file ;;
	create,--preserve-fds) ;;
	doctor,--client|doctor,-c) words='podman buildah docker containerd crio kubernetes' ;;
	doctor,--config) kind=file ;;
	doctor,--format|doctor,-f) words='text json' ;;
	events,--interval) ;;
	events,--format|events,-f) words='json table prometheus' ;;
	exec,--process|exec,-p) kind=file ;;
	exec,--cwd) kind=dir ;;
	exec,--user|exec,-u) ;;
	exec,--additional-gids|exec,-g) ;;
	exec,--env|exec,-e) ;;
	exec,--cap|exec,-c) ;;
	exec,--tty=|exec,-t=) words='true false' ;;
	exec,--process-label) ;;
	exec,--apparmor) ;;
	exec,--cgroup) ;;
	exec,--console-socket) kind=file ;;
	exec,--pid-file) kind=file ;;
	exec,--pidfd-socket) kind=file ;;
	exec,--preserve-fds) ;;
	list,--format|list,-f) words='table json' ;;
	ps,--format|ps,-f) words='table json' ;;
	run,--bundle|run,-b) kind=dir ;;
	run,--config|run,-f) kind=file ;;
	run,--console-socket) kind=file ;;
	run,--pid-file) kind=file ;;
	run,--pidfd-socket) kind=file ;;
	run,--preserve-fds) ;;
	spec,--bundle|spec,-b) kind=dir ;;
	spec,--file|spec,-f) kind=file ;;
	spec,--args) ;;
	spec,--env) ;;
	spec,--rootfs) kind=dir ;;
	update,--resources|update,-r) kind=file ;;
	update,--blkio-weight) ;;
	update,--cpu-period) ;;
	update,--cpu-quota) ;;
	update,--cpu-burst) ;;
	update,--cpu-share) ;;
	update,--cpu-idle) ;;
	update,--cpu-rt-period) ;;
	update,--cpu-rt-runtime) ;;
	update,--cpuset-cpus) ;;
	update,--cpuset-mems) ;;
	update,--kernel-memory) ;;
	update,--kernel-memory-tcp) ;;
	update,--memory) ;;
	update,--memory-reservation) ;;
	update,--memory-swap) ;;
	update,--pids-limit) ;;
	update,--l3-cache-schema) ;;
	update,--mem-bw-schema) ;;
	validate,--bundle|validate,-b) kind=dir ;;
	validate,--config|validate,-f) kind=file ;;
	*) return 1 ;;
	esac
}

# The options of command $1.
_davit_options()
{
	case $1 in
	'') words='--root --cgroup-manager --systemd-cgroup --log --log-format --log-level --debug --rootless --version -v --help -h' ;;
	create) words='--bundle -b --config -f --console-socket --pid-file --pidfd-socket --preserve-fds --no-pivot --no-new-keyring --no-subreaper --detach -d --help -h' ;;
	delete) words='--force -f --regex -r --help -h' ;;
	doctor) words='--client -c --config --format -f --help -h' ;;
	events) words='--stats --interval --format -f --all -a --help -h' ;;
	exec) words='--process -p --cwd --user -u --additional-gids -g --env -e --cap -c --tty -t --detach -d --no-new-privs --process-label --apparmor --cgroup --console-socket --pid-file --pidfd-socket --preserve-fds --ignore-paused --help -h' ;;
	features) words='--help -h' ;;
	help) words='--help -h' ;;
	kill) words='--all -a --regex -r --help -h' ;;
	list) words='--quiet -q --format -f --help -h' ;;
	mounts) words='--help -h' ;;
	pause) words='--help -h' ;;
	ps) words='--format -f --help -h' ;;
	resume) words='--help -h' ;;
	run) words='--bundle -b --config -f --console-socket --pid-file --pidfd-socket --preserve-fds --no-pivot --no-new-keyring --no-subreaper --detach -d --keep --plan --help -h' ;;
	spec) words='--bundle -b --file -f --rootless --args --env --rootfs --help -h' ;;
	start) words='--help -h' ;;
	state) words='--explain --help -h' ;;
	update) words='--resources -r --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp --memory --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema --help -h' ;;
	validate) words='--bundle -b --config -f --help -h' ;;
	version) words='--help -h' ;;
	esac
}

# Operand $2 of command $1, from 0.
_davit_operand()
{
	case $1,$2 in
	,0) words='create delete doctor events exec features help kill list mounts pause ps resume run spec start state update validate version' ;;
	delete,0) kind=ids ;;
	events,*) kind=ids ;;
	exec,0) kind=ids ;;
	help,0) words='create delete doctor events exec features help kill list mounts pause ps resume run spec start state update validate version' ;;
	kill,0) kind=ids ;;
	kill,1) words='HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS' ;;
	mounts,0) words='add remove' ;;
	mounts,1) kind=ids ;;
	mounts,2) kind=file ;;
	pause,0) kind=ids ;;
	ps,0) kind=ids ;;
	resume,0) kind=ids ;;
	start,0) kind=ids ;;
	state,0) kind=ids ;;
	update,0) kind=ids ;;
	esac
}

# Reads the word $2 as an option of command $1 the way davit does: a prefix of one name, a name behind one dash, letters.
# Sets `option` to its name (the last one's of letters) and `lead` to what comes before a value attached to it.
_davit_option()
{
	local name=${2%%=*} found=() one kind words= i

	option= lead=
	_davit_options "$1"
	for one in $words --usage; do
		[[ $one == --* ]] || continue
		if [[ $one == "$name" || $one == "-$name" ]]; then
			found=("$one")
			break
		fi
		[[ $one == "$name"* ]] && found+=("$one")
	done
	if ((${#found[@]} == 1)); then
		option=$found
		[[ $2 == *=* ]] && lead=$name=
		return
	fi
	[[ $2 == --* ]] && return
	for ((i = 1; i < ${#2}; i++)); do
		option=-${2:i:1}
		if [[ ${2:i+1:1} == = ]]; then
			lead=${2:0:i+2}
			return
		elif _davit_value "$1" "$option"; then
			((i + 1 < ${#2})) && lead=${2:0:i+1}
			return
		fi
	done
}

# The word $1 as the program gets it, in `plain`; nothing in it is run.
_davit_plain()
{
	plain=${1//[\\\"\']/}
	[[ $1 == '~'/* ]] && plain=$HOME/${plain:2}
}

_davit()
{
	local text=${COMP_LINE:0:COMP_POINT} line=() i word plain root=() IFS=$' \t\n'
	local command= operand=0 option pending= over= kind= words= cur lead=

	# COMP_WORDS is cut at = and : too; LINE has the words of the line up to the cursor.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 0)) && [[ $text == [^[:space:]]* ]]; then
			((i == COMP_CWORD)) && word=$text
			line[-1]+=$word
		else
			text=${text#"${text%%[^[:space:]]*}"}
			((i == COMP_CWORD)) && word=$text
			line+=("$word")
		fi
		text=${text#"$word"}
	done

	for word in "${line[@]:1:${#line[@]}-2}"; do
		_davit_plain "$word"
		if [[ $pending ]]; then
			[[ $command$pending == --root ]] && root=(--root "$plain")
			pending=
		elif [[ $over || $plain != -[^0-9]* ]]; then
			if [[ ! $command ]]; then
				command=$plain over=
			else
				((operand++))
				case $command in exec|ps) over=yes ;; esac
			fi
		elif [[ $plain == -- ]]; then
			over=yes
		else
			_davit_option "$command" "$plain"
			if [[ $lead ]]; then
				[[ $command$option == --root ]] && root=(--root "${plain#"$lead"}")
			elif _davit_value "$command" "$option"; then
				pending=$option
			fi
		fi
	done

	kind= words= lead= cur=${line[-1]}
	if [[ $pending ]]; then
		_davit_value "$command" "$pending"
	elif [[ ! $over && $cur == -[^0-9]* ]]; then
		_davit_option "$command" "$cur"
		if [[ $lead ]]; then
			cur=${cur#"$lead"}
			_davit_value "$command" "$option" || _davit_value "$command" "$option="
		else
			_davit_options "$command"
		fi
	elif [[ ! $over && $cur == - ]]; then
		_davit_options "$command"
	else
		_davit_operand "$command" "$operand"
	fi

	COMPREPLY=()
	case $kind in
	# Readline knows best about quotes and tildes: it does this when there is no reply.
	dir) compopt -o dirnames; return ;;
	file) compopt -o default; return ;;
	ids)
		_davit_plain "${line[0]}"
		while IFS= read -r word; do
			[[ $word == [-.]* || $word == *[^A-Za-z0-9_+.-]* ]] || words+=" $word"
		done < <("$plain" "${root[@]}" list -q 2>/dev/null)
		;;
	esac
	[[ $COMP_WORDBREAKS == *=* && $lead == *= ]] && lead=
	_davit_plain "$cur"
	for word in $words; do
		[[ $word == "$plain"* ]] && COMPREPLY+=("$lead$word")
	done
}

complete -o bashdefault -F _davit davit
