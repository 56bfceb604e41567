/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Further kernel types, read by the policy programs only. See kernel_types.h. */
#ifndef TELOVIX_KERNEL_TYPES_POLICY_H
#define TELOVIX_KERNEL_TYPES_POLICY_H

#include <linux/bpf.h>

#include "kernel_types.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct filename {
	const char *name;
};

struct kiocb {
	struct file *ki_filp;
};

struct file___flags {
	unsigned int f_flags;
};

struct iovec {
	void *iov_base;
	unsigned long iov_len;
};

struct iov_iter {
	u8 iter_type;
	unsigned long count;
	unsigned long nr_segs;
	const struct iovec *__iov; /* since 6.4 */
	void *ubuf;                /* since 6.0 */
};

struct iov_iter___old {
	const struct iovec *iov;
};

enum iter_type___local { ITER_UBUF___local, ITER_IOVEC___local };

struct sk_buff {
	unsigned int len;
	u32 hash;
	u32 priority;
	u32 mark;
	__be16 protocol;
	u16 transport_header, network_header;
	unsigned char *head;
	struct sock *sk;
};

struct iphdr {
	u8 ihl : 4, version : 4;
	u8 protocol;
	__be32 saddr, daddr;
};

struct ipv6hdr {
	u8 nexthdr;
	struct in6_addr saddr, daddr;
};

struct net_device {
	char name[16];
};

struct user_namespace___full {
	int level;
	kuid_t owner;
	kgid_t group;
	struct ns_common ns;
};

struct super_block___kind {
	unsigned long s_magic;
	struct user_namespace___full *s_user_ns;
};

struct bpf_map {
	enum bpf_map_type map_type;
	u32 key_size, value_size, max_entries;
	char name[16];
};

struct bpf_prog_aux {
	char name[16];
};

struct bpf_prog {
	enum bpf_prog_type type;
	u32 len;
	struct bpf_prog_aux *aux;
};

struct perf_event_attr {
	u32 type;
	u64 config;
	u64 kprobe_func; /* a union of several u64 */
	u64 probe_offset;
};

struct perf_event {
	struct perf_event_attr attr;
};

struct load_info {
	const char *name;
	bool sig_ok;
};

struct module {
	char name[56];
	unsigned long taints;
	bool sig_ok;
};

struct mm_struct___exe {
	struct file *exe_file;
};

#pragma clang attribute pop

#endif
