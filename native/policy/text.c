// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(names, index) ((index) < COUNT(names) ? (names)[index] : NULL)

const char *text_family(uint32_t family)
{
	static const char *const names[] = {
		"AF_UNSPEC",    "AF_UNIX",       "AF_INET",    "AF_AX25",    "AF_IPX",
		"AF_APPLETALK", "AF_NETROM",     "AF_BRIDGE",  "AF_ATMPVC",  "AF_X25",
		"AF_INET6",     "AF_ROSE",       "AF_DECnet",  "AF_NETBEUI", "AF_SECURITY",
		"AF_KEY",       "AF_NETLINK",    "AF_PACKET",  "AF_ASH",     "AF_ECONET",
		"AF_ATMSVC",    "AF_RDS",        NULL,         "AF_IRDA",    "AF_PPPOX",
		"AF_WANPIPE",   "AF_LLC",        "AF_IB",      "AF_MPLS",    "AF_CAN",
		"AF_TIPC",      "AF_BLUETOOTH",  "AF_IUCV",    "AF_RXRPC",   "AF_ISDN",
		"AF_PHONET",    "AF_IEEE802154", "AF_CAIF",    "AF_ALG",     "AF_NFC",
		"AF_VSOCK",     "AF_KCM",        "AF_QIPCRTR", "AF_SMC",     "AF_XDP",
		"AF_MCTP",
	};

	return PICK(names, family);
}

const char *text_socket_type(uint32_t type)
{
	static const char *const names[11] = {
		[1] = "SOCK_STREAM",    [2] = "SOCK_DGRAM", [3] = "SOCK_RAW",    [4] = "SOCK_RDM",
		[5] = "SOCK_SEQPACKET", [6] = "SOCK_DCCP",  [10] = "SOCK_PACKET"
	};

	return PICK(names, type);
}

const char *text_protocol(uint32_t protocol)
{
	static const char *const names[] = {
		[0] = "IPPROTO_IP",        [1] = "IPPROTO_ICMP",    [2] = "IPPROTO_IGMP",
		[4] = "IPPROTO_IPIP",      [6] = "IPPROTO_TCP",     [8] = "IPPROTO_EGP",
		[12] = "IPPROTO_PUP",      [17] = "IPPROTO_UDP",    [22] = "IPPROTO_IDP",
		[29] = "IPPROTO_TP",       [33] = "IPPROTO_DCCP",   [41] = "IPPROTO_IPV6",
		[46] = "IPPROTO_RSVP",     [47] = "IPPROTO_GRE",    [50] = "IPPROTO_ESP",
		[51] = "IPPROTO_AH",       [58] = "IPPROTO_ICMPV6", [92] = "IPPROTO_MTP",
		[94] = "IPPROTO_BEETPH",   [98] = "IPPROTO_ENCAP",  [103] = "IPPROTO_PIM",
		[108] = "IPPROTO_COMP",    [115] = "IPPROTO_L2TP",  [132] = "IPPROTO_SCTP",
		[136] = "IPPROTO_UDPLITE", [137] = "IPPROTO_MPLS",  [143] = "IPPROTO_ETHERNET",
		[255] = "IPPROTO_RAW",     [262] = "IPPROTO_MPTCP",
	};

	return PICK(names, protocol);
}

const char *text_perf(uint32_t type)
{
	static const char *const names[] = { "PERF_TYPE_HARDWARE",   "PERF_TYPE_SOFTWARE",
					     "PERF_TYPE_TRACEPOINT", "PERF_TYPE_HW_CACHE",
					     "PERF_TYPE_RAW",        "PERF_TYPE_BREAKPOINT" };

	return PICK(names, type);
}

const char *text_taint(uint32_t bit)
{
	static const char *const names[] = {
		[0] = "TAINT_PROPRIETARY_MODULE",        [1] = "TAINT_FORCED_MODULE",
		[2] = "TAINT_FORCED_UNLOAD_MODULE",      [10] = "TAINT_STAGED_MODULE",
		[12] = "TAINT_OUT_OF_TREE_MODULE",       [13] = "TAINT_UNSIGNED_MODULE",
		[15] = "TAINT_KERNEL_LIVE_PATCH_MODULE", [18] = "TAINT_TEST_MODULE",
	};

	return PICK(names, bit);
}

const char *text_digest(uint32_t algorithm, size_t *bytes)
{
	static const struct {
		const char *name;
		size_t bytes;
	} rows[] = {
		[1] = { "md5", 16 },    [2] = { "sha1", 20 },   [3] = { "rmd160", 20 },
		[4] = { "sha256", 32 }, [5] = { "sha384", 48 }, [6] = { "sha512", 64 },
		[7] = { "sha224", 28 }, [13] = { "wp512", 64 }, [17] = { "sm3", 32 },
	};

	*bytes = algorithm < COUNT(rows) ? rows[algorithm].bytes : 0;
	return *bytes ? rows[algorithm].name : NULL;
}
