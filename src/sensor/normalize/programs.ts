/** Directories that only root writes to: a well-known name means something there, and nothing anywhere else. */
const SYSTEM_DIR = /^\/(usr|bin|sbin|lib|lib64|opt|snap|nix\/store|var\/lib\/rancher)\//;

const RUNTIMES =
  /^(runc|crun|youki|containerd|containerd-shim[\w-]*|dockerd|docker|docker-init|docker-proxy|conmon|crio|podman|buildah|kubelet|lxc-start|lxc-attach|systemd-nspawn|nsenter-runtime)$/;
const PACKAGE_MANAGERS =
  /^(dpkg|dpkg-[\w-]+|apt|apt-get|rpm|dnf|dnf5|yum|zypper|pacman|apk|snapd|update-alternatives|ldconfig|systemd-sysusers|systemd-tmpfiles|update-initramfs|mkinitramfs|dracut|depmod)$/;
const CREDENTIAL_READERS =
  /^(sshd|sshd-session|sshd-auth|login|su|sudo|passwd|chage|chpasswd|unix_chkpwd|unix_update|systemd|systemd-[\w-]+|cron|crond|polkitd|sssd[\w-]*|getent|useradd|usermod|groupadd|userdel|pwck|gdm[\w-]*|lightdm|accounts-daemon|nscd)$/;
const DAEMONS =
  /^(sshd|cron|crond|systemd|systemd-[\w-]+|init|dbus-daemon|rsyslogd|auditd|containerd|dockerd|kubelet|kthreadd|udevd|NetworkManager|chronyd|ntpd|httpd|nginx|postgres|mysqld)$/;

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function isSystemProgram(binary: string, names: RegExp): boolean {
  return SYSTEM_DIR.test(binary) && names.test(baseName(binary));
}

export function isContainerRuntime(binary: string): boolean {
  return isSystemProgram(binary, RUNTIMES);
}

export function isPackageManager(binary: string): boolean {
  return isSystemProgram(binary, PACKAGE_MANAGERS);
}

export function isCredentialReader(binary: string): boolean {
  return isSystemProgram(binary, CREDENTIAL_READERS);
}

const SCRATCH_DIR = /^\/(tmp|var\/tmp|dev\/shm|run\/user\/\d+|dev\/mqueue)\//;

/** A directory anybody can write to. */
export function isScratchPath(path: string): boolean {
  return SCRATCH_DIR.test(path);
}

/**
 * How a program hides what it is, in words; undefined when it doesn't. A name in brackets is a kernel thread's,
 * which never executes a file; a system daemon's name in a scratch directory is not that daemon.
 */
export function masquerade(binary: string, argv0: string | undefined): string | undefined {
  if (argv0 !== undefined && /^\[.+\]$/.test(argv0)) return "its name is that of a kernel thread";
  if (isScratchPath(binary) && DAEMONS.test(baseName(binary))) return "its name is that of a system service";
  if (/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\s$/.test(baseName(binary)))
    return "its name has invisible characters";
  return undefined;
}
