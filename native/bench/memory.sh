# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What an engine holds a few seconds after its start, with nothing to do.

section_memory() {
	local s
	for s in "${engines[@]}"; do
		sync
		echo 3 >/proc/sys/vm/drop_caches
		pause 1
		subject_pid=$$ kernel_memory before
		start "$s"
		pause 5
		kernel_memory after
		emit "\"what\":\"memory\",\"subject\":\"$s\"" "$(memory_figures)"
		stop
	done
}

memory_figures() {
	printf '{"rss":%d,"rss_anon":%d,"maps":%d,"programs":%d,"charged":%d,"slab":%d,"percpu":%d,"vmalloc":%d}\n' \
		"$(status VmRSS)" "$(status RssAnon)" \
		$((after_maps - before_maps)) $((after_programs - before_programs)) "$(charged)" \
		$((after_Slab - before_Slab)) $((after_Percpu - before_Percpu)) \
		$((after_VmallocUsed - before_VmallocUsed))
}
