# SPDX-License-Identifier: Apache-2.0
# Completion of davit for bash.  Written by tools/check-cli --write from the option tables.

_davit_ids()
{
	local i root=()

	for ((i = 1; i < COMP_CWORD - 1; i++)); do
		[[ ${COMP_WORDS[i]} == --root ]] && root=(--root "${COMP_WORDS[i + 1]}")
	done
	"${COMP_WORDS[0]}" "${root[@]}" list -q 2>/dev/null
}

_davit()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local i command= first= kind= words= options=

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root|--cgroup-manager|--log|--log-format|--log-level|--rootless) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	first=$((i + 1))

	case $command in
	'')
		options='--root --cgroup-manager --systemd-cgroup --log --log-format --log-level --debug --rootless --version -v --help -h'
		words='create delete doctor events exec features help kill list mounts pause ps resume run spec start state update validate version'
		case $prev in
		--root) kind=dir ;;
		--cgroup-manager) words='cgroupfs systemd disabled' ;;
		--log) kind=file ;;
		--log-format) words='text json' ;;
		--log-level) words='error warning info debug' ;;
		--rootless) kind=none ;;
		esac
		;;
	create)
		options='--bundle -b --config -f --console-socket --pid-file --pidfd-socket --preserve-fds --no-pivot --no-new-keyring --no-subreaper --detach -d --help -h'
		kind=options
		case $prev in
		--bundle|-b) kind=dir ;;
		--config|-f) kind=file ;;
		--console-socket) kind=file ;;
		--pid-file) kind=file ;;
		--pidfd-socket) kind=file ;;
		--preserve-fds) kind=none ;;
		esac
		[[ $words ]] && kind=words
		;;
	delete)
		options='--force -f --regex -r --help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	doctor)
		options='--client -c --config --format -f --help -h'
		kind=options
		case $prev in
		--client|-c) words='podman buildah docker containerd crio kubernetes' ;;
		--config) kind=file ;;
		--format|-f) words='text json' ;;
		esac
		[[ $words ]] && kind=words
		;;
	events)
		options='--stats --interval --format -f --all -a --help -h'
		kind=options
		case $prev in
		--interval) kind=none ;;
		--format|-f) words='json table prometheus' ;;
		esac
		[[ $words ]] && kind=words
		;;
	exec)
		options='--process -p --cwd --user -u --additional-gids -g --env -e --cap -c --tty -t --detach -d --no-new-privs --process-label --apparmor --cgroup --console-socket --pid-file --pidfd-socket --preserve-fds --ignore-paused --help -h'
		kind=ids
		case $prev in
		--process|-p) kind=file ;;
		--cwd) kind=dir ;;
		--user|-u) kind=none ;;
		--additional-gids|-g) kind=none ;;
		--env|-e) kind=none ;;
		--cap|-c) kind=none ;;
		--process-label) kind=none ;;
		--apparmor) kind=none ;;
		--cgroup) kind=none ;;
		--console-socket) kind=file ;;
		--pid-file) kind=file ;;
		--pidfd-socket) kind=file ;;
		--preserve-fds) kind=none ;;
		esac
		[[ $words ]] && kind=words
		;;
	features)
		options='--help -h'
		kind=options
		[[ $words ]] && kind=words
		;;
	help)
		options='--help -h'
		kind=options
		words='create delete doctor events exec features help kill list mounts pause ps resume run spec start state update validate version'
		[[ $words ]] && kind=words
		;;
	kill)
		options='--all -a --regex -r --help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	list)
		options='--quiet -q --format -f --help -h'
		kind=options
		case $prev in
		--format|-f) words='table json' ;;
		esac
		[[ $words ]] && kind=words
		;;
	mounts)
		options='--help -h'
		kind=ids
		((COMP_CWORD == first++)) && words='add remove'
		((COMP_CWORD > first)) && kind=file
		[[ $words ]] && kind=words
		;;
	pause)
		options='--help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	ps)
		options='--format -f --help -h'
		kind=ids
		case $prev in
		--format|-f) words='table json' ;;
		esac
		[[ $words ]] && kind=words
		;;
	resume)
		options='--help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	run)
		options='--bundle -b --config -f --console-socket --pid-file --pidfd-socket --preserve-fds --no-pivot --no-new-keyring --no-subreaper --detach -d --keep --plan --help -h'
		kind=options
		case $prev in
		--bundle|-b) kind=dir ;;
		--config|-f) kind=file ;;
		--console-socket) kind=file ;;
		--pid-file) kind=file ;;
		--pidfd-socket) kind=file ;;
		--preserve-fds) kind=none ;;
		esac
		[[ $words ]] && kind=words
		;;
	spec)
		options='--bundle -b --file -f --rootless --args --env --rootfs --help -h'
		kind=options
		case $prev in
		--bundle|-b) kind=dir ;;
		--file|-f) kind=file ;;
		--args) kind=none ;;
		--env) kind=none ;;
		--rootfs) kind=dir ;;
		esac
		[[ $words ]] && kind=words
		;;
	start)
		options='--help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	state)
		options='--explain --help -h'
		kind=ids
		[[ $words ]] && kind=words
		;;
	update)
		options='--resources -r --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --kernel-memory --kernel-memory-tcp --memory --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema --help -h'
		kind=ids
		case $prev in
		--resources|-r) kind=file ;;
		--blkio-weight) kind=none ;;
		--cpu-period) kind=none ;;
		--cpu-quota) kind=none ;;
		--cpu-burst) kind=none ;;
		--cpu-share) kind=none ;;
		--cpu-idle) kind=none ;;
		--cpu-rt-period) kind=none ;;
		--cpu-rt-runtime) kind=none ;;
		--cpuset-cpus) kind=none ;;
		--cpuset-mems) kind=none ;;
		--kernel-memory) kind=none ;;
		--kernel-memory-tcp) kind=none ;;
		--memory) kind=none ;;
		--memory-reservation) kind=none ;;
		--memory-swap) kind=none ;;
		--pids-limit) kind=none ;;
		--l3-cache-schema) kind=none ;;
		--mem-bw-schema) kind=none ;;
		esac
		[[ $words ]] && kind=words
		;;
	validate)
		options='--bundle -b --config -f --help -h'
		kind=options
		case $prev in
		--bundle|-b) kind=dir ;;
		--config|-f) kind=file ;;
		esac
		[[ $words ]] && kind=words
		;;
	version)
		options='--help -h'
		kind=options
		[[ $words ]] && kind=words
		;;
	esac

	case $kind in
	dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	none) ;;
	ids)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		elif ((COMP_CWORD == first)) || [[ $prev == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_davit_ids)" -- "$cur")
		fi
		;;
	*)
		[[ $cur == -* ]] && words=$options
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		;;
	esac
}

complete -o filenames -o bashdefault -F _davit davit
