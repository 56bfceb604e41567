/** Where container runtimes of Kubernetes listen. */
export const CRI_SOCKETS: readonly string[] = [
  "/run/containerd/containerd.sock",
  "/run/crio/crio.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/k0s/containerd.sock",
];
