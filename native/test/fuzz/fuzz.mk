# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make fuzz SECONDS=60: the unit tests of what reads foreign bytes, then every target (NAME.c in this folder), all
# with address and undefined behaviour watched. The time is divided among the targets. What breaks one is kept in
# .output/fuzz, beside the inputs found so far. A new target begins with plans, or with what FUZZ_SEEDS_NAME says.

SECONDS ?= 60
FUZZ := $(OUT)/fuzz
FUZZ_TARGETS := $(filter-out seeds,$(patsubst test/fuzz/%.c,%,$(sort $(wildcard test/fuzz/*.c))))
FUZZ_UNITS := plan plan_fields plan_size plan_text policy_event policy_event_edge policy_event_bounds event_symbols event_build_id event_loader \
	json dns
FUZZ_SEEDS_event := event
FUZZ_SEEDS_build_id := program
FUZZ_CC := $(CC) $(filter-out -O2 -g0 -fstack-protector-strong -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 -g \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJECTS := $(patsubst $(OUT)/%,$(FUZZ)/%,$(filter-out $(OUT)/main.o,$(ENGINE_OBJECTS)))
FUZZ_LINK := test/match/json_check.c $(FUZZ)/engine.a $(filter-out -static,$(LIBS))
FUZZ_TIME = $(shell expr \( $(SECONDS) + $(words $(FUZZ_TARGETS)) - 1 \) / $(words $(FUZZ_TARGETS)))

.PHONY: fuzz fuzz-run
fuzz: | $(FUZZ)
	$(Q)if echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	  $(CC) -fsanitize=fuzzer,address,undefined -x c - -o $(FUZZ)/probe 2>$(FUZZ)/probe.log; then $(MAKE) fuzz-run; \
	else echo "SKIPPED: fuzzing needs clang's sanitizer runtime (Debian: libclang-rt-14-dev)"; fi

fuzz-run: $(FUZZ_UNITS:%=$(FUZZ)/unit_%) $(FUZZ_TARGETS:%=$(FUZZ)/run_%) $(FUZZ)/seeds
	$(Q)for unit in $(FUZZ_UNITS); do $(FUZZ)/unit_$$unit || exit 1; done
	$(Q)$(foreach t,$(FUZZ_TARGETS),mkdir -p $(FUZZ)/$(t) && $(FUZZ)/seeds $(or $(FUZZ_SEEDS_$(t)),plan) $(FUZZ)/$(t) && \
	  { $(FUZZ)/run_$(t) -max_total_time=$(FUZZ_TIME) -max_len=65536 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
	      -artifact_prefix=$(FUZZ)/$(t)- $(FUZZ)/$(t) >$(FUZZ)/$(t).log 2>&1 || { tail -n 60 $(FUZZ)/$(t).log; false; }; } && \
	  echo "ok fuzz $(t) ($$(sed -n 's/^stat::number_of_executed_units: *//p' $(FUZZ)/$(t).log) runs)" &&) true

$(FUZZ) $(FUZZ)/policy:
	$(Q)mkdir -p $@

$(FUZZ)/%.o: engine/%.c $(ENGINE_HEADERS) $(SKELETONS) | $(FUZZ)
	$(call say,CC,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer-no-link -c $< -o $@

$(FUZZ)/policy/%.o: policy/%.c $(ENGINE_HEADERS) $(SKELETONS) | $(FUZZ)/policy
	$(call say,CC,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer-no-link -c $< -o $@

# An archive, so that a target carries only what it tests.
$(FUZZ)/engine.a: $(FUZZ_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(FUZZ)/seeds: test/fuzz/seeds.c $(wildcard test/fuzz/*.h) $(ENGINE_HEADERS) | $(FUZZ)
	$(call say,CC,$@)
	$(Q)$(FUZZ_CC) $< -o $@

$(FUZZ)/run_%: test/fuzz/%.c $(wildcard test/fuzz/*.h) test/match/json_check.c $(FUZZ)/engine.a
	$(call say,FUZZER,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer $< $(FUZZ_LINK) -o $@

$(FUZZ)/unit_%: test/unit/%.c $(wildcard test/unit/*.h test/fuzz/*.h) test/match/json_check.c $(FUZZ)/engine.a
	$(call say,UNIT,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer-no-link -Itest/unit $< $(FUZZ_LINK) -o $@
