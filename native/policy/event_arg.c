// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Arguments of a policy's event, by type. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "event_part.h"
#include "names.h"
#include "text.h"

#define LABEL_OUT 512
#define SMALL 900 /* the largest but credentials: a module with every taint */
#define CREDENTIALS 4096
/* Set in the number of a system call of the 32-bit ABI. */

bool event_arg_is_long(const struct tx_parg *a)
{
	switch (a->type) {
	case TX_ARG_CHAR_BUF ... TX_ARG_LINUX_BINPRM:
	case TX_ARG_SOCKADDR_UN:
	case TX_ARG_NET_DEVICE:
	case TX_ARG_DATA_LOC:
		return true;
	default:
		return false;
	}
}

size_t event_arg_bytes(const struct tx_parg *a)
{
	return LABEL_OUT + (a->type == TX_ARG_CRED ? CREDENTIALS : SMALL);
}

/* "key":"text", at most max bytes of it. */
static bool text_value(struct json *j, const char *key, const char *text, size_t len, size_t max)
{
	json_key(j, key);
	return json_string(j, text, len, max);
}

static bool bytes_arg(struct json *j, const struct tx_parg *a, const char *data, size_t max)
{
	size_t fits = max / 4 * 3, len = a->len < fits ? a->len : fits;
	uint64_t whole = a->orig > a->len ? a->orig : a->len;
	bool cut = len < whole || (a->flags & TX_PARG_CUT);

	if (cut) {
		json_key_object(j, "truncated_bytes_arg");
		if (!len) {
			json_key_u64(j, "orig_size", whole);
			json_close(j, '}');
			return false;
		}
	}
	json_key(j, "bytes_arg");
	json_text(j, "\"");
	json_base64(j, data, len);
	json_text(j, "\"");
	if (cut) {
		json_key_u64(j, "orig_size", whole);
		json_close(j, '}');
	}
	return !cut;
}

/* A path and what its inode says. has_flags: extra holds those of the open file. */
static bool file_arg(struct json *j, const char *key, const struct tx_parg *a, const char *data,
		     size_t max, bool has_flags)
{
	bool cut = a->flags & TX_PARG_CUT;
	char text[256];

	json_key_object(j, key);
	if (a->len)
		cut |= !text_value(j, "path", data, a->len, max);
	if (cut) {
		json_key_string(j, "flags", "unresolvedPathComponents");
	} else if (has_flags && a->extra) {
		name_open_flags(text, sizeof(text), a->extra);
		json_key_string(j, "flags", text);
	}
	if (a->mode) {
		name_mode(text, a->mode);
		json_key_string(j, "permission", text);
	}
	json_close(j, '}');
	return !cut;
}

static bool sockaddr_un(struct json *j, const struct tx_parg *a, const char *data, size_t max)
{
	size_t len = a->len;
	bool whole = true;

	/* An abstract name may have any bytes; those that only fill it up are not told. */
	while (len && !data[len - 1])
		len--;
	json_key_object(j, "sockaddrun_arg");
	event_name(j, "family", text_family(a->value), a->value);
	if (len)
		whole = text_value(j, "path", data, len, max);
	json_close(j, '}');
	return whole && !(a->flags & TX_PARG_CUT);
}

static void syscall_id(struct json *j, uint64_t value)
{
#ifdef __aarch64__
	const char *abi = value >= TX_SYSCALLS ? "arm32" : "arm64";
#else
	const char *abi = value >= TX_SYSCALLS ? "i386" : "x64";
#endif
	uint32_t id = value >= TX_SYSCALLS ? value - TX_SYSCALLS : value;

	json_key_object(j, "syscall_id");
	if (id)
		json_key_unsigned(j, "id", id);
	json_key_string(j, "abi", abi);
	json_close(j, '}');
}

static void capability(struct json *j, int32_t value)
{
	json_key_object(j, "capability_arg");
	json_key_signed(j, "value", value);
	if (name_capability(value))
		json_key_string(j, "name", name_capability(value));
	json_close(j, '}');
}

static void capability_set(struct json *j, uint8_t type, uint64_t value)
{
	static const char *const keys[] = { "kernel_cap_t_arg", "cap_inheritable_arg",
					    "cap_permitted_arg", "cap_effective_arg" };
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)value);
	json_key_string(j, keys[type - TX_ARG_KERNEL_CAP_T], text);
}

static void number(struct json *j, const struct tx_parg *a)
{
	const char *name;

	switch (a->type) {
	case TX_ARG_INT:
	case TX_ARG_INT32:
		json_key_signed(j, "int_arg", (int32_t)a->value);
		break;
	case TX_ARG_INT16:
		json_key_signed(j, "int_arg", (int16_t)a->value);
		break;
	case TX_ARG_INT8:
		json_key_signed(j, "int_arg", (int8_t)a->value);
		break;
	case TX_ARG_UINT32:
		json_key_unsigned(j, "uint_arg", (uint32_t)a->value);
		break;
	case TX_ARG_UINT16:
		json_key_unsigned(j, "uint_arg", (uint16_t)a->value);
		break;
	case TX_ARG_UINT8:
		json_key_unsigned(j, "uint_arg", (uint8_t)a->value);
		break;
	case TX_ARG_INT64:
		json_key(j, "long_arg");
		json_text(j, "\"");
		json_signed(j, a->value);
		json_text(j, "\"");
		break;
	case TX_ARG_CAPABILITY:
		capability(j, a->value);
		break;
	case TX_ARG_KERNEL_CAP_T ... TX_ARG_CAP_EFFECTIVE:
		capability_set(j, a->type, a->value);
		break;
	case TX_ARG_SYSCALL64:
		syscall_id(j, a->value);
		break;
	case TX_ARG_BPF_CMD:
		name = text_bpf_command(a->value);
		if (name)
			json_key_string(j, "bpf_cmd_arg", name);
		else
			json_key_signed(j, "bpf_cmd_arg", (int32_t)a->value);
		break;
	default:
		json_key_u64(j, "size_arg", a->value);
	}
}

/* Text, bytes and paths. */
static bool long_arg(struct json *j, const struct tx_parg *a, const char *data, size_t max)
{
	size_t len = a->len;
	bool whole;

	switch (a->type) {
	case TX_ARG_STRING:
	case TX_ARG_FILENAME:
	case TX_ARG_DATA_LOC:
		/* A field of a tracepoint ends where its text does. */
		len = strnlen(data, len);
		return text_value(j, "string_arg", data, len, max) && !(a->flags & TX_PARG_CUT);
	case TX_ARG_NET_DEVICE:
		json_key_object(j, "net_dev_arg");
		whole = text_value(j, "name", data, len, max);
		json_close(j, '}');
		return whole;
	case TX_ARG_SOCKADDR_UN:
		return sockaddr_un(j, a, data, max);
	case TX_ARG_FILE:
	case TX_ARG_FD:
	case TX_ARG_KIOCB:
		return file_arg(j, "file_arg", a, data, max, true);
	case TX_ARG_PATH:
	case TX_ARG_DENTRY:
		return file_arg(j, "path_arg", a, data, max, false);
	case TX_ARG_LINUX_BINPRM:
		return file_arg(j, "linux_binprm_arg", a, data, max, false);
	default:
		return bytes_arg(j, a, data, max);
	}
}

static void error_arg(struct json *j, const char *message)
{
	json_key_object(j, "error_arg");
	json_key_string(j, "Message", message);
	json_close(j, '}');
}

static bool value(struct json *j, const struct tx_policy_event *e, const struct tx_parg *a,
		  size_t max)
{
	const char *data = a ? e->data + a->offset : NULL;

	if (!a) {
		error_arg(j, "not read at this hook");
		return true;
	}
	if (a->flags & TX_PARG_MISSING) {
		error_arg(j, "no room in the record");
		return false;
	}
	/* Some of a buffer may have been read before the fault. */
	if ((a->flags & TX_PARG_FAULT) && (!event_arg_is_long(a) || !a->len)) {
		error_arg(j, "memory could not be read");
		return true;
	}
	if (event_arg_is_long(a))
		return long_arg(j, a, data, max);
	if (event_object(j, a->type, data, a->len))
		return true;
	if ((a->type >= TX_ARG_SKB && a->type <= TX_ARG_USER_NAMESPACE) ||
	    a->type == TX_ARG_BPF_ATTR || (a->type >= TX_ARG_BPF_MAP && a->type <= TX_ARG_MODULE))
		error_arg(j, "not told by the kernel");
	else
		number(j, a);
	return true;
}

bool event_arg(struct json *j, const struct tx_policy_event *e, const struct tx_parg *a,
	       const char *label, size_t max)
{
	bool whole;

	json_open(j, '{');
	whole = value(j, e, a, max);
	if (label && *label) {
		json_key(j, "label");
		json_string(j, label, strlen(label), LABEL_OUT);
	}
	json_close(j, '}');
	return whole;
}
