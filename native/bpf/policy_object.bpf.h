/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Arguments that are objects of the kernel: what is told of each. */
#ifndef TELOVIX_POLICY_OBJECT_BPF_H
#define TELOVIX_POLICY_OBJECT_BPF_H

static __always_inline void arg__user_ns(struct tx_scratch *s, struct tx_parg *p, u64 from)
{
	struct tx_user_ns_data *out = arg__space(s, p, sizeof(*out));
	struct user_namespace___full *ns = (void *)from;

	if (!out)
		return;
	out->level = TX_READ(ns, level);
	out->uid = TX_READ(ns, owner.val);
	out->gid = TX_READ(ns, group.val);
	out->inum = TX_READ(ns, ns.inum);
}

/* union bpf_attr of a program to be loaded: type, instructions, name at fixed places. */
static __always_inline void arg__bpf_attr(struct tx_scratch *s, struct tx_parg *p, u64 from,
					  bool user)
{
	struct tx_bpf_data *out = arg__space(s, p, sizeof(*out));
	u32 head[2] = {};

	if (!out)
		return;
	if (user) {
		if (bpf_probe_read_user(head, sizeof(head), (void *)from))
			unread__argument(s, p, true, from, sizeof(head));
		bpf_probe_read_user(out->name, 15, (void *)(from + 48));
	} else {
		bpf_probe_read_kernel(head, sizeof(head), (void *)from);
		bpf_probe_read_kernel(out->name, 15, (void *)(from + 48));
	}
	out->type = head[0];
	out->count = head[1];
}

static __always_inline void arg__bpf_map(struct tx_scratch *s, struct tx_parg *p,
					 struct bpf_map *map)
{
	struct tx_bpf_data *out = arg__space(s, p, sizeof(*out));

	if (!out)
		return;
	out->type = TX_READ(map, map_type);
	out->count = TX_READ(map, key_size);
	out->value_size = TX_READ(map, value_size);
	out->entries = TX_READ(map, max_entries);
	bpf_core_read(out->name, sizeof(out->name), &map->name);
}

static __always_inline void arg__bpf_prog(struct tx_scratch *s, struct tx_parg *p,
					  struct bpf_prog *prog)
{
	struct tx_bpf_data *out = arg__space(s, p, sizeof(*out));
	struct bpf_prog_aux *aux = TX_READ(prog, aux);

	if (!out)
		return;
	out->type = TX_READ(prog, type);
	out->count = TX_READ(prog, len);
	bpf_core_read(out->name, sizeof(out->name), &aux->name);
}

static __always_inline void arg__perf(struct tx_scratch *s, struct tx_parg *p,
				      struct perf_event *event)
{
	struct tx_perf_data *out = arg__space(s, p, sizeof(*out));

	if (!out)
		return;
	out->type = TX_READ(event, attr.type);
	out->config = TX_READ(event, attr.config);
	out->probe_offset = TX_READ(event, attr.probe_offset);
	bpf_probe_read_kernel_str(out->function, sizeof(out->function),
				  (void *)TX_READ(event, attr.kprobe_func));
}

static __always_inline void arg__module(struct tx_scratch *s, struct tx_parg *p,
					struct module *module)
{
	struct tx_module_data *out = arg__space(s, p, sizeof(*out));

	if (!out)
		return;
	bpf_core_read(out->name, sizeof(out->name), &module->name);
	out->taints = TX_READ(module, taints);
	if (bpf_core_field_exists(module->sig_ok)) {
		out->has_signature = 1;
		out->signature_ok = TX_READ(module, sig_ok);
	}
}

static __always_inline void arg__load_info(struct tx_scratch *s, struct tx_parg *p,
					   struct load_info *info)
{
	struct tx_module_data *out = arg__space(s, p, sizeof(*out));

	if (!out)
		return;
	if (bpf_core_field_exists(info->name))
		bpf_probe_read_kernel_str(out->name, sizeof(out->name), TX_READ(info, name));
	if (bpf_core_field_exists(info->sig_ok)) {
		out->has_signature = 1;
		out->signature_ok = TX_READ(info, sig_ok);
	}
}

static __always_inline void arg__cred(struct tx_scratch *s, struct tx_parg *p, struct cred *cred)
{
	struct tx_creds *out = arg__space(s, p, sizeof(*out));

	if (out)
		creds__fill(out, cred);
}

/* Those of the kernel's own objects. True when type is one of them. */
static __always_inline bool arg__object(struct tx_scratch *s, struct tx_parg *p, u64 v, bool user)
{
	switch (p->type) {
	case TX_ARG_CRED:
		arg__cred(s, p, (struct cred *)v);
		return true;
	case TX_ARG_USER_NAMESPACE:
		arg__user_ns(s, p, v);
		return true;
	case TX_ARG_BPF_ATTR:
		arg__bpf_attr(s, p, v, user);
		return true;
	case TX_ARG_BPF_MAP:
		arg__bpf_map(s, p, (struct bpf_map *)v);
		return true;
	case TX_ARG_BPF_PROG:
		arg__bpf_prog(s, p, (struct bpf_prog *)v);
		return true;
	case TX_ARG_PERF_EVENT:
		arg__perf(s, p, (struct perf_event *)v);
		return true;
	case TX_ARG_MODULE:
		arg__module(s, p, (struct module *)v);
		return true;
	case TX_ARG_LOAD_INFO:
		arg__load_info(s, p, (struct load_info *)v);
		return true;
	default:
		return false;
	}
}

#endif
