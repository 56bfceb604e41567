// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Connections, listeners, datagrams and DNS messages. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "dns.h"
#include "format.h"
#include "names.h"

void format_return(struct json *j, int64_t value)
{
	json_key_object(j, "return");
	if (value == (int32_t)value)
		json_key_signed(j, "int_arg", value);
	else
		json_key_u64(j, "size_arg", value); /* an address: mmap */
	json_close(j, '}');
}

bool format_kprobe_begin(struct line *line, struct proc *p, const struct tx_header *h,
			 const char *function)
{
	if (!line_begin(line, "process_kprobe"))
		return false;
	format_actors(line->j, p, h->tid, DETAIL_EVENT);
	json_key_string(line->j, "function_name", function);
	json_key_array(line->j, "args");
	return true;
}

void format_kprobe_end(struct line *line, const struct tx_header *h, const char *policy,
		       const char *backend)
{
	json_key_string(line->j, "action", "KPROBE_ACTION_POST");
	json_key_string(line->j, "policy_name", policy);
	line_envelope(line, h, h->ktime, backend);
}

static void address(struct json *j, const char *key, const struct tx_sock *s, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(s->family, bytes, text, sizeof(text)))
		json_key_string(j, key, text);
}

static void name_or_number(struct json *j, const char *key, const char *name, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	json_key_string(j, key, name ? name : text);
}

void format_socket_arg(struct json *j, const struct tx_sock *s)
{
	const char *state = name_tcp_state(s->state);

	json_comma(j);
	json_text(j, "{\"sock_arg\":{");
	json_key_string(j, "family", name_family(s->family));
	name_or_number(j, "type", name_socket_type(s->type), s->type);
	name_or_number(j, "protocol", name_protocol(s->protocol), s->protocol);
	if (s->mark)
		json_key_unsigned(j, "mark", s->mark);
	if (s->priority)
		json_key_unsigned(j, "priority", s->priority);
	address(j, "saddr", s, s->saddr);
	address(j, "daddr", s, s->daddr);
	if (s->sport)
		json_key_unsigned(j, "sport", s->sport);
	if (s->dport)
		json_key_unsigned(j, "dport", s->dport);
	json_key_u64(j, "cookie", s->cookie);
	if (state && s->type == SOCK_STREAM)
		json_key_string(j, "state", state);
	json_text(j, "}}");
}

static const char *net_function(const struct tx_net *e)
{
	switch (e->h.type) {
	case TX_TCP_CONNECT:
		return "tcp_connect";
	case TX_TCP_ACCEPT:
		return "tcp_accept";
	case TX_TCP_CLOSE:
		return "tcp_close";
	case TX_LISTEN:
		return "inet_listen";
	default:
		return "udp_sendmsg";
	}
}

void format_net(struct proc *p, const struct tx_net *e, const char *backend)
{
	bool listens = e->h.type == TX_LISTEN;
	struct line line;
	struct json *j;

	if (!format_kprobe_begin(&line, p, &e->h, net_function(e)))
		return;
	j = line.j;
	format_socket_arg(j, &e->sock);
	if (listens) {
		json_text(j, ",{\"int_arg\":");
		json_signed(j, e->backlog);
		json_text(j, "}");
	}
	json_close(j, ']');
	if (e->ret)
		format_return(j, e->ret);
	format_kprobe_end(&line, &e->h,
			  listens ? "telovix-listen-baseline" : "telovix-network-baseline",
			  backend);
	if (e->sock.netns)
		json_key_unsigned(j, "netns", e->sock.netns);
	if (e->h.type == TX_TCP_CLOSE) {
		json_key_u64(j, "bytes_sent", e->sent);
		json_key_u64(j, "bytes_received", e->received);
		json_key_u64(j, "duration_ns", e->duration);
		json_key_string(j, "direction", e->inbound ? "inbound" : "outbound");
	}
	if (e->h.flags & TX_HF_NO_OWNER)
		json_key_string(j, "owner", "unknown");
	line_end(&line);
}

void format_dns(struct proc *p, const struct tx_dns *e, const char *backend)
{
	const uint8_t *message = (const uint8_t *)e->data;
	size_t len = e->len, total = e->total;
	struct line line;
	struct json *j;

	/* Over TCP a message is preceded by its length. */
	if (e->sock.type == SOCK_STREAM && len >= 2 &&
	    (message[0] << 8 | message[1]) == (int)total - 2) {
		message += 2;
		len -= 2;
		total -= 2;
	}
	if (!format_kprobe_begin(&line, p, &e->h, e->response ? "dns_response" : "dns_query"))
		return;
	j = line.j;
	format_socket_arg(j, &e->sock);
	json_close(j, ']');
	format_kprobe_end(&line, &e->h, "telovix-dns", backend);
	json_key_object(j, "dns");
	dns_write(j, message, len, len < total);
	json_close(j, '}');
	line_end(&line);
}
