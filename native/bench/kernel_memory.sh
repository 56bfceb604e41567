# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What the subject holds, in bytes. Of the kernel's memory three views: what it says of BPF maps and
# programs, what it charges to the engine's cgroup, and all slab, percpu and vmalloc memory there is.

meminfo() { awk -v key="$1:" '$1 == key { print $2 * 1024 }' /proc/meminfo; }
status() { awk -v key="$1:" '$1 == key { print $2 * 1024 }' "/proc/$subject_pid/status"; }
charged() { # in a guest only; page cache of the files it writes left out
	if [ -n "$cgroup" ]; then awk '$1 == "kernel" { print $2 }' "$cgroup/memory.stat"; else echo 0; fi
}

# In a guest the engine's are all there are; elsewhere others may have theirs, so that only those
# it has open count.
memlock() { # map|prog
	if [ -n "$cgroup" ]; then
		bpftool -j "$1" show | grep -o '"bytes_memlock":[0-9]*' | awk -F: '{ n += $2 } END { print n + 0 }'
	else
		cat /proc/"$subject_pid"/fdinfo/* 2>/dev/null |
			awk -v key="$1_id:" '$1 == "memlock:" { n = $2 } $1 == key { of[$2] = n } END { for (i in of) sum += of[i]; print sum + 0 }'
	fi
}

kernel_memory() { # PREFIX: sets PREFIX_maps, _programs, _Slab, _Percpu, _VmallocUsed
	local name
	for name in Slab Percpu VmallocUsed; do declare -g "$1_$name=$(meminfo $name)"; done
	declare -g "$1_maps=$(memlock map)" "$1_programs=$(memlock prog)"
}
