/** Capabilities by number: the place in the list. */
const NAMES =
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split(
    " ",
  );

export const CAPABILITY_NAMES: readonly string[] = NAMES.map((name) => `CAP_${name}`);

/** Number of a capability, in any case; undefined when there is none of that name. */
export function capabilityNumber(name: string): number | undefined {
  const number = CAPABILITY_NAMES.indexOf(name.trim().toUpperCase());
  return number < 0 ? undefined : number;
}
