// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arguments that are objects of the kernel. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "event_part.h"
#include "format.h"
#include "names.h"
#include "text.h"

#define HOST_USER_NS 0xeffffffdU /* its inode, on every kernel */

void event_name(struct json *j, const char *key, const char *name, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	json_key_string(j, key, name ? name : text);
}

static void nonzero(struct json *j, const char *key, uint32_t value)
{
	if (value)
		json_key_unsigned(j, key, value);
}

static void nonzero_u64(struct json *j, const char *key, uint64_t value)
{
	if (value)
		json_key_u64(j, key, value);
}

static void fixed_text(struct json *j, const char *key, const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len)
		json_key_bytes(j, key, text, len);
}

static void address(struct json *j, const char *key, uint16_t family, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];

	if ((family == AF_INET || family == AF_INET6) &&
	    inet_ntop(family, bytes, text, sizeof(text)))
		json_key_string(j, key, text);
}

static void sock(struct json *j, const struct tx_sock *s)
{
	json_key_object(j, "sock_arg");
	event_name(j, "family", text_family(s->family), s->family);
	event_name(j, "type", text_socket_type(s->type), s->type);
	event_name(j, "protocol", text_protocol(s->protocol), s->protocol);
	nonzero(j, "mark", s->mark);
	nonzero(j, "priority", s->priority);
	address(j, "saddr", s->family, s->saddr);
	address(j, "daddr", s->family, s->daddr);
	nonzero(j, "sport", s->sport);
	nonzero(j, "dport", s->dport);
	nonzero_u64(j, "cookie", s->cookie);
	if (name_tcp_state(s->state))
		json_key_string(j, "state", name_tcp_state(s->state));
}

static void skb(struct json *j, const struct tx_skb_data *b)
{
	const struct tx_sock *s = &b->sock;

	json_key_object(j, "skb_arg");
	nonzero(j, "hash", b->hash);
	nonzero(j, "len", b->len);
	nonzero(j, "priority", s->priority);
	nonzero(j, "mark", s->mark);
	address(j, "saddr", s->family, s->saddr);
	address(j, "daddr", s->family, s->daddr);
	nonzero(j, "sport", s->sport);
	nonzero(j, "dport", s->dport);
	nonzero(j, "proto", s->protocol);
	nonzero(j, "sec_path_len", b->sec_path_len);
	nonzero(j, "sec_path_olen", b->sec_path_olen);
	event_name(j, "protocol", text_protocol(s->protocol), s->protocol);
	event_name(j, "family", text_family(s->family), s->family);
}

static void sockaddr(struct json *j, const struct tx_sock *s)
{
	json_key_object(j, "sockaddr_arg");
	event_name(j, "family", text_family(s->family), s->family);
	address(j, "addr", s->family, s->saddr);
	nonzero(j, "port", s->sport);
}

static void namespace(struct json *j, uint32_t inum, bool is_host)
{
	json_key_object(j, "ns");
	nonzero(j, "inum", inum);
	if (is_host)
		json_key_bool(j, "is_host", true);
	json_close(j, '}');
}

static void cred(struct json *j, const struct tx_creds *c)
{
	json_key_object(j, "process_credentials_arg");
	format_ids(j, c);
	json_key_object(j, "caps");
	format_capabilities(j, c);
	json_close(j, '}');
	json_key_object(j, "user_ns");
	namespace(j, c->user_ns, c->user_ns == HOST_USER_NS);
	json_close(j, '}');
}

static void user_ns(struct json *j, const struct tx_user_ns_data *n)
{
	json_key_object(j, "user_ns_arg");
	json_key_signed(j, "level", n->level);
	json_key_unsigned(j, "uid", n->uid);
	json_key_unsigned(j, "gid", n->gid);
	namespace(j, n->inum, !n->level);
}

static void bpf(struct json *j, const char *key, const struct tx_bpf_data *b)
{
	json_key_object(j, key);
	event_name(j, "ProgType", text_bpf_program(b->type), b->type);
	nonzero(j, "InsnCnt", b->count);
	fixed_text(j, "ProgName", b->name, sizeof(b->name));
}

static void bpf_map(struct json *j, const struct tx_bpf_data *b)
{
	json_key_object(j, "bpf_map_arg");
	event_name(j, "MapType", text_bpf_map(b->type), b->type);
	nonzero(j, "KeySize", b->count);
	nonzero(j, "ValueSize", b->value_size);
	nonzero(j, "MaxEntries", b->entries);
	fixed_text(j, "MapName", b->name, sizeof(b->name));
}

static void perf(struct json *j, const struct tx_perf_data *p)
{
	json_key_object(j, "perf_event_arg");
	fixed_text(j, "KprobeFunc", p->function, sizeof(p->function));
	event_name(j, "Type", text_perf(p->type), p->type);
	nonzero_u64(j, "Config", p->config);
	nonzero_u64(j, "ProbeOffset", p->probe_offset);
}

static void module(struct json *j, const struct tx_module_data *m)
{
	json_key_object(j, "module_arg");
	fixed_text(j, "name", m->name, sizeof(m->name));
	if (m->has_signature)
		json_key_bool(j, "signature_ok", m->signature_ok != 0);
	format_bits(j, "tainted", m->taints, text_taint);
}

/* Bytes in the record; 0: no object. */
static size_t size_of(uint8_t type)
{
	switch (type) {
	case TX_ARG_SOCK:
	case TX_ARG_SOCKET:
	case TX_ARG_SOCKADDR:
		return sizeof(struct tx_sock);
	case TX_ARG_SKB:
		return sizeof(struct tx_skb_data);
	case TX_ARG_CRED:
		return sizeof(struct tx_creds);
	case TX_ARG_USER_NAMESPACE:
		return sizeof(struct tx_user_ns_data);
	case TX_ARG_BPF_ATTR:
	case TX_ARG_BPF_PROG:
	case TX_ARG_BPF_MAP:
		return sizeof(struct tx_bpf_data);
	case TX_ARG_PERF_EVENT:
		return sizeof(struct tx_perf_data);
	case TX_ARG_LOAD_INFO:
	case TX_ARG_MODULE:
		return sizeof(struct tx_module_data);
	default:
		return 0;
	}
}

bool event_object(struct json *j, uint8_t type, const void *data, size_t len)
{
	/* The record promises no alignment. */
	union {
		struct tx_sock sock;
		struct tx_skb_data skb;
		struct tx_creds cred;
		struct tx_user_ns_data user_ns;
		struct tx_bpf_data bpf;
		struct tx_perf_data perf;
		struct tx_module_data module;
	} u;
	size_t size = size_of(type);

	if (!size || len < size)
		return false;
	memcpy(&u, data, size);
	if (type == TX_ARG_SKB)
		skb(j, &u.skb);
	else if (type == TX_ARG_SOCKADDR)
		sockaddr(j, &u.sock);
	else if (type == TX_ARG_SOCK || type == TX_ARG_SOCKET)
		sock(j, &u.sock);
	else if (type == TX_ARG_CRED)
		cred(j, &u.cred);
	else if (type == TX_ARG_USER_NAMESPACE)
		user_ns(j, &u.user_ns);
	else if (type == TX_ARG_BPF_MAP)
		bpf_map(j, &u.bpf);
	else if (type == TX_ARG_PERF_EVENT)
		perf(j, &u.perf);
	else if (type == TX_ARG_BPF_ATTR || type == TX_ARG_BPF_PROG)
		bpf(j, type == TX_ARG_BPF_ATTR ? "bpf_attr_arg" : "bpf_prog_arg", &u.bpf);
	else
		module(j, &u.module);
	json_close(j, '}');
	return true;
}
