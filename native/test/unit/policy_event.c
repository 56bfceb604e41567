// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lines of policies' events: each kind of hook, each type of argument. */
#include "event.h"

#include <sys/socket.h>

#include "event_line.h"

/* The one argument in args[], as it is told. */
static void told(const char *wanted)
{
	char text[1024];

	selector(TX_HOOK_KPROBE, "f");
	snprintf(text, sizeof(text),
		 ",\"function_name\":\"f\",\"args\":[%s],\"action\":\"KPROBE_ACTION_POST\","
		 "\"policy_name\":\"p\"},\"node_name\":",
		 wanted);
	CHECK_HAS(line(), text);
}

static void number(uint8_t type, uint64_t value, const char *wanted)
{
	record_begin(&r);
	record_number(&r, type, value);
	told(wanted);
}

static void bytes(uint8_t type, const void *data, size_t len, const char *wanted)
{
	record_begin(&r);
	record_data(&r, type, data, len);
	told(wanted);
}

static void text(uint8_t type, const char *value, const char *wanted)
{
	bytes(type, value, strlen(value), wanted);
}

static void numbers(void)
{
	number(TX_ARG_INT, -1, "{\"int_arg\":-1}");
	number(TX_ARG_INT, 0, "{\"int_arg\":0}");
	number(TX_ARG_INT32, 0x80000000, "{\"int_arg\":-2147483648}");
	number(TX_ARG_INT16, 0xffff, "{\"int_arg\":-1}");
	number(TX_ARG_INT8, 0x180, "{\"int_arg\":-128}");
	number(TX_ARG_UINT32, 0xffffffffffffffff, "{\"uint_arg\":4294967295}");
	number(TX_ARG_UINT16, 0x12345, "{\"uint_arg\":9029}");
	number(TX_ARG_UINT8, 0x1ff, "{\"uint_arg\":255}");
	number(TX_ARG_UINT64, 0xffffffffffffffff, "{\"size_arg\":\"18446744073709551615\"}");
	number(TX_ARG_SIZE, 0, "{\"size_arg\":\"0\"}");
	number(TX_ARG_AUTO, 5, "{\"size_arg\":\"5\"}");
	number(TX_ARG_INT64, -9, "{\"long_arg\":\"-9\"}");
	number(TX_ARG_CAPABILITY, 21,
	       "{\"capability_arg\":{\"value\":21,\"name\":\"CAP_SYS_ADMIN\"}}");
	number(TX_ARG_CAPABILITY, 99, "{\"capability_arg\":{\"value\":99}}");
	number(TX_ARG_KERNEL_CAP_T, 0x1ff, "{\"kernel_cap_t_arg\":\"00000000000001ff\"}");
	number(TX_ARG_CAP_INHERITABLE, 0, "{\"cap_inheritable_arg\":\"0000000000000000\"}");
	number(TX_ARG_CAP_PERMITTED, 1, "{\"cap_permitted_arg\":\"0000000000000001\"}");
	number(TX_ARG_CAP_EFFECTIVE, 2, "{\"cap_effective_arg\":\"0000000000000002\"}");
	number(TX_ARG_BPF_CMD, 0, "{\"bpf_cmd_arg\":\"BPF_MAP_CREATE\"}");
	number(TX_ARG_BPF_CMD, 1000, "{\"bpf_cmd_arg\":1000}");
#ifdef __x86_64__
	number(TX_ARG_SYSCALL64, 32, "{\"syscall_id\":{\"id\":32,\"abi\":\"x64\"}}");
	number(TX_ARG_SYSCALL64, TX_SYSCALLS, "{\"syscall_id\":{\"abi\":\"i386\"}}");
#endif
}

static void texts(void)
{
	text(TX_ARG_STRING, "a\"b", "{\"string_arg\":\"a\\\"b\"}");
	text(TX_ARG_STRING, "", "{\"string_arg\":\"\"}");
	text(TX_ARG_FILENAME, "/bin/x", "{\"string_arg\":\"/bin/x\"}");
	bytes(TX_ARG_DATA_LOC, "eth0\0\0\0", 7, "{\"string_arg\":\"eth0\"}");
	text(TX_ARG_NET_DEVICE, "eth0", "{\"net_dev_arg\":{\"name\":\"eth0\"}}");
	bytes(TX_ARG_CHAR_BUF, "a\0b", 3, "{\"bytes_arg\":\"YQBi\"}");
	bytes(TX_ARG_CHAR_IOVEC, "", 0, "{\"bytes_arg\":\"\"}");
	text(TX_ARG_CONST_BUF, "x", "{\"bytes_arg\":\"eA==\"}");
	text(TX_ARG_IOV_ITER, "xy", "{\"bytes_arg\":\"eHk=\"}");
	record_begin(&r);
	record_text(&r, TX_ARG_SOCKADDR_UN, "/run/x")->value = AF_UNIX;
	told("{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"/run/x\"}}");
	record_begin(&r);
	record_data(&r, TX_ARG_SOCKADDR_UN, "@a\0b\0\0", 6)->value = AF_UNIX;
	told("{\"sockaddrun_arg\":{\"family\":\"AF_UNIX\",\"path\":\"@a\\u0000b\"}}");
	number(TX_ARG_SOCKADDR_UN, 77, "{\"sockaddrun_arg\":{\"family\":\"77\"}}");
}

static void files(void)
{
	static const uint8_t types[] = { TX_ARG_FILE, TX_ARG_FD, TX_ARG_KIOCB };
	struct tx_parg *a;

	for (int i = 0; i < 3; i++) {
		record_begin(&r);
		a = record_text(&r, types[i], "/etc/x");
		a->mode = 0100640;
		a->extra = 02000001;
		told("{\"file_arg\":{\"path\":\"/etc/x\",\"flags\":\"O_WRONLY|O_CLOEXEC\","
		     "\"permission\":\"-rw-r-----\"}}");
	}
	text(TX_ARG_FILE, "/a", "{\"file_arg\":{\"path\":\"/a\"}}");
	text(TX_ARG_FILE, "", "{\"file_arg\":{}}");
	record_begin(&r);
	record_text(&r, TX_ARG_PATH, "/a")->mode = 0042755;
	told("{\"path_arg\":{\"path\":\"/a\",\"permission\":\"drwxr-sr-x\"}}");
	text(TX_ARG_DENTRY, "/a", "{\"path_arg\":{\"path\":\"/a\"}}");
	record_begin(&r);
	record_text(&r, TX_ARG_LINUX_BINPRM, "/a")->extra = 1;
	told("{\"linux_binprm_arg\":{\"path\":\"/a\"}}");
	record_begin(&r);
	a = record_text(&r, TX_ARG_FILE, "/very/long");
	a->flags = TX_PARG_CUT;
	told("{\"file_arg\":{\"path\":\"/very/long\",\"flags\":\"unresolvedPathComponents\"}}");
}

static void sockets(void)
{
	struct tx_sock v4 = { .cookie = 18446623,
			      .saddr = { 10, 0, 0, 2 },
			      .daddr = { 1, 1, 1, 1 },
			      .family = AF_INET,
			      .type = 1,
			      .protocol = 6,
			      .sport = 40000,
			      .dport = 443,
			      .state = 2 };
	struct tx_sock v6 = { .saddr = { [15] = 1 },
			      .family = AF_INET6,
			      .type = 3,
			      .protocol = 300,
			      .mark = 5,
			      .priority = 6,
			      .sport = 53 };
	struct tx_sock local = { .family = AF_UNIX, .type = 1 };
	struct tx_skb_data skb = {
		.sock = v6, .hash = 1, .len = 60, .sec_path_len = 2, .sec_path_olen = 3
	};

	bytes(TX_ARG_SOCK, &v4, sizeof(v4),
	      "{\"sock_arg\":{\"family\":\"AF_INET\",\"type\":\"SOCK_STREAM\",\"protocol\":"
	      "\"IPPROTO_TCP\",\"saddr\":\"10.0.0.2\",\"daddr\":\"1.1.1.1\",\"sport\":40000,"
	      "\"dport\":443,\"cookie\":\"18446623\",\"state\":\"TCP_SYN_SENT\"}}");
	bytes(TX_ARG_SOCKET, &local, sizeof(local),
	      "{\"sock_arg\":{\"family\":\"AF_UNIX\",\"type\":\"SOCK_STREAM\",\"protocol\":"
	      "\"IPPROTO_IP\"}}");
	bytes(TX_ARG_SOCKADDR, &v6, sizeof(v6),
	      "{\"sockaddr_arg\":{\"family\":\"AF_INET6\",\"addr\":\"::1\",\"port\":53}}");
	bytes(TX_ARG_SKB, &skb, sizeof(skb),
	      "{\"skb_arg\":{\"hash\":1,\"len\":60,\"priority\":6,\"mark\":5,\"saddr\":\"::1\","
	      "\"daddr\":\"::\",\"sport\":53,\"proto\":300,\"sec_path_len\":2,\"sec_path_olen\":3,"
	      "\"protocol\":\"300\",\"family\":\"AF_INET6\"}}");
}

static void objects(void)
{
	struct tx_creds cred = { .euid = 5,
				 .securebits = 5,
				 .user_ns = 0xeffffffd,
				 .cap_permitted = 3,
				 .cap_effective = 1ULL << 63 };
	struct tx_user_ns_data ns = { .level = 1, .uid = 7, .inum = 9 };
	struct tx_bpf_data bpf = { 5, 20, 0, 0, "prog" };
	struct tx_bpf_data map = { 1, 4, 8, 16, "0123456789abcdef" };
	struct tx_perf_data perf = { 1, 0, 2, 0, "do_x" };
	struct tx_module_data module = { 1 << 12 | 1 << 13 | 1 << 30, 0, 1, "evil" };

	bytes(TX_ARG_CRED, &cred, sizeof(cred),
	      "{\"process_credentials_arg\":{\"uid\":0,\"gid\":0,\"euid\":5,\"egid\":0,\"suid\":0,"
	      "\"sgid\":0,\"fsuid\":0,\"fsgid\":0,\"securebits\":[\"SecBitNoRoot\","
	      "\"SecBitNoSetUidFixup\"],\"caps\":{\"permitted\":[\"CAP_CHOWN\","
	      "\"CAP_DAC_OVERRIDE\"]},\"user_ns\":{\"ns\":{\"inum\":4026531837,\"is_host\":true}}}"
	      "}");
	bytes(TX_ARG_USER_NAMESPACE, &ns, sizeof(ns),
	      "{\"user_ns_arg\":{\"level\":1,\"uid\":7,\"gid\":0,\"ns\":{\"inum\":9}}}");
	bytes(TX_ARG_BPF_ATTR, &bpf, sizeof(bpf),
	      "{\"bpf_attr_arg\":{\"ProgType\":\"BPF_PROG_TYPE_TRACEPOINT\",\"InsnCnt\":20,"
	      "\"ProgName\":\"prog\"}}");
	bytes(TX_ARG_BPF_PROG, &bpf, sizeof(bpf),
	      "{\"bpf_prog_arg\":{\"ProgType\":\"BPF_PROG_TYPE_TRACEPOINT\",\"InsnCnt\":20,"
	      "\"ProgName\":\"prog\"}}");
	bytes(TX_ARG_BPF_MAP, &map, sizeof(map),
	      "{\"bpf_map_arg\":{\"MapType\":\"BPF_MAP_TYPE_HASH\",\"KeySize\":4,\"ValueSize\":8,"
	      "\"MaxEntries\":16,\"MapName\":\"0123456789abcdef\"}}");
	bytes(TX_ARG_PERF_EVENT, &perf, sizeof(perf),
	      "{\"perf_event_arg\":{\"KprobeFunc\":\"do_x\",\"Type\":\"PERF_TYPE_TRACEPOINT\","
	      "\"Config\":\"1\"}}");
	bytes(TX_ARG_MODULE, &module, sizeof(module),
	      "{\"module_arg\":{\"name\":\"evil\",\"signature_ok\":false,\"tainted\":["
	      "\"TAINT_OUT_OF_TREE_MODULE\",\"TAINT_UNSIGNED_MODULE\"]}}");
	module.has_signature = 0;
	module.taints = 0;
	bytes(TX_ARG_LOAD_INFO, &module, sizeof(module), "{\"module_arg\":{\"name\":\"evil\"}}");
}

/* Each kind of hook names where it is in its own way. */
static void hooks(void)
{
	record_begin(&r);
	record_number(&r, TX_ARG_NOP, 1);
	selector(TX_HOOK_FENTRY, "tcp_connect");
	CHECK_HAS(line(), "\"function_name\":\"tcp_connect\",\"action\":");
	selector(TX_HOOK_LSM, "file_open");
	CHECK_HAS(line(), "{\"process_lsm\":{\"process\":{");
	CHECK_HAS(line(), ",\"function_name\":\"file_open\",\"action\":");
	selector(TX_HOOK_TRACEPOINT, "sys_enter");
	s.group = "raw_syscalls";
	CHECK_HAS(line(), "\"subsys\":\"raw_syscalls\",\"event\":\"sys_enter\",\"action\":");
	s.kind = TX_HOOK_RAW_TRACEPOINT;
	CHECK_HAS(line(), "{\"process_tracepoint\":{");
	selector(TX_HOOK_UPROBE, "readline");
	s.path = "/bin/bash";
	s.offset = 16;
	CHECK_HAS(line(), "\"path\":\"/bin/bash\",\"symbol\":\"readline\",\"action\":");
	s.function = "";
	s.ref_ctr = 5;
	CHECK_HAS(line(), "\"path\":\"/bin/bash\",\"offset\":\"16\",\"ref_ctr_offset\":\"5\",");
	selector(TX_HOOK_USDT, "probe");
	s.path = "/a";
	s.group = "prov";
	CHECK_HAS(line(), "\"path\":\"/a\",\"provider\":\"prov\",\"name\":\"probe\",\"action\":");
}

int main(void)
{
	CHECK(!proc_table_open());
	lines_open();
	numbers();
	texts();
	files();
	sockets();
	objects();
	hooks();
	lines_close();
	proc_table_close();
	return unit_end("policy_event");
}
