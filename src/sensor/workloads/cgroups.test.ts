import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupMountOf, walkGroups } from "./cgroups.ts";

const root = await mkdtemp(join(tmpdir(), "telovix-cgroups-"));
afterAll(() => rm(root, { recursive: true, force: true }));

const ids = async (...paths: string[]): Promise<bigint[]> => {
  const found = await Promise.all(paths.map((path) => stat(join(root, path), { bigint: true })));
  return found.map(({ ino }) => ino).toSorted((a, b) => (a < b ? -1 : 1));
};
const sorted = (list: readonly bigint[] = []): bigint[] => list.toSorted((a, b) => (a < b ? -1 : 1));

test("groups are those of containers, with all below them, and the host's", async () => {
  const [a, b] = ["a".repeat(64), "b".repeat(64)];
  const pod = "kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice";
  const scope = `${pod}/cri-containerd-${a}.scope`;
  await mkdir(join(root, scope, "init.scope/deep/deeper"), { recursive: true });
  // A container inside a container belongs to the outer one.
  await mkdir(join(root, scope, `docker/${"c".repeat(64)}`), { recursive: true });
  await mkdir(join(root, pod, `crio-${b}.scope`), { recursive: true });
  await mkdir(join(root, "system.slice/ssh.service"), { recursive: true });
  await writeFile(join(root, scope, "cgroup.procs"), "");
  await symlink(root, join(root, "system.slice/round"));
  const { containers, host, isCut } = await walkGroups(root);
  const inner = [
    "",
    "/init.scope",
    "/init.scope/deep",
    "/init.scope/deep/deeper",
    "/docker",
    `/docker/${"c".repeat(64)}`,
  ];
  expect([...containers.keys()].toSorted()).toEqual([a, b]);
  expect(sorted(containers.get(a))).toEqual(await ids(...inner.map((path) => scope + path)));
  expect(sorted(containers.get(b))).toEqual(await ids(`${pod}/crio-${b}.scope`));
  expect(sorted(host)).toEqual(await ids("", "kubepods.slice", pod, "system.slice", "system.slice/ssh.service"));
  expect(isCut).toBe(false);
});

test("a tree without end is cut, and says so", async () => {
  const deep = join(root, "deep");
  await mkdir(join(deep, "d/".repeat(80)), { recursive: true });
  const { host, isCut } = await walkGroups(deep);
  expect([host.length, isCut]).toEqual([65, true]);
  const wide = join(root, "wide");
  for (let i = 0; i < 20; i++) await mkdir(join(wide, String(i), "below"), { recursive: true });
  const some = await walkGroups(wide, 30);
  expect([some.host.length, some.isCut]).toEqual([30, true]);
  const all = await walkGroups(wide, 41);
  expect([all.host.length, all.isCut]).toEqual([41, false]);
  expect(await walkGroups(join(root, "nowhere")).catch(() => "it is refused")).toBe("it is refused");
});

test("the mount is found among others: the whole tree rather than a part", () => {
  const line = (mount: string, type: string, of = "/"): string =>
    `31 23 0:28 ${of} ${mount} rw,relatime shared:4 - ${type} x rw`;
  const part = line("/part", "cgroup2", "/../x");
  expect(cgroupMountOf(["", line("/a", "cgroup"), part, line("/sys/my\\040groups", "cgroup2"), ""].join("\n"))).toBe(
    "/sys/my groups",
  );
  expect(cgroupMountOf(part)).toBe("/part");
  expect(cgroupMountOf(`${line("/a", "tmpfs")}\n - cgroup2 \n`)).toBeUndefined();
});
