/** Functions whose LSM hook has another name than theirs. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  security_bprm_check: "bprm_check_security",
  security_create_user_ns: "userns_create",
  security_settime64: "settime",
  security_vm_enough_memory_mm: "vm_enough_memory",
  security_prepare_creds: "cred_prepare",
  security_transfer_creds: "cred_transfer",
  security_sock_rcv_skb: "socket_sock_rcv_skb",
  security_sk_alloc: "sk_alloc_security",
  security_sk_free: "sk_free_security",
  security_sb_alloc: "sb_alloc_security",
  security_sb_free: "sb_free_security",
  security_inode_alloc: "inode_alloc_security",
  security_inode_free: "inode_free_security",
  security_file_alloc: "file_alloc_security",
  security_file_free: "file_free_security",
};

const FUNCTIONS: ReadonlyMap<string, string> = new Map(Object.entries(OTHER_NAMES).map(([fn, hook]) => [hook, fn]));

/** The LSM hook that a kernel function calls (`security_file_open` → `file_open`); undefined when it calls none. */
export function lsmHookOfFunction(name: string): string | undefined {
  return OTHER_NAMES[name] ?? (name.startsWith("security_") ? name.slice("security_".length) : undefined);
}

/** The function that calls an LSM hook. */
export function functionOfLsmHook(hook: string): string {
  return FUNCTIONS.get(hook) ?? `security_${hook}`;
}

/** Hooks whose result means nothing to the kernel: they can be watched, not denied. */
const WITHOUT_RESULT: ReadonlySet<string> = new Set(
  `bprm_committing_creds bprm_committed_creds sb_free_security sb_delete inode_free_security inode_post_setattr
  inode_post_setxattr inode_post_removexattr inode_post_set_acl inode_post_remove_acl inode_post_create_tmpfile
  inode_invalidate_secctx inode_getsecid path_post_mknod d_instantiate file_free_security file_release file_set_fowner
  cred_free cred_transfer cred_getsecid task_free task_to_inode task_getsecid_obj current_getsecid_subj ipc_getsecid
  msg_msg_free_security msg_queue_free_security shm_free_security sem_free_security key_free release_secctx
  sk_free_security sk_clone_security sk_getsecid sock_graft inet_csk_clone inet_conn_established secmark_refcount_inc
  secmark_refcount_dec req_classify_flow xfrm_policy_free_security xfrm_state_free_security audit_rule_free
  bpf_map_free bpf_prog_free bpf_token_free perf_event_free bdev_free_security`.split(/\s+/),
);

/** False for a hook that cannot deny. */
export function canDeny(hook: string): boolean {
  return !WITHOUT_RESULT.has(hook);
}
