import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Groups } from "./cgroups.ts";
import { groupsOf, repositoryOf } from "./match.ts";
import type { Running } from "./runtime.ts";

const says = (key: string, operator: "In" | "NotIn" | "Exists" | "DoesNotExist", ...values: string[]) => ({
  key,
  operator,
  values,
});
const selector = (...matchExpressions: ReturnType<typeof says>[]) => ({ matchExpressions });

const running: Running = {
  pods: [
    { id: "web", namespace: "shop", labels: { app: "web", tier: "front" } },
    { id: "db", namespace: "shop", labels: { app: "db" } },
    { id: "other", namespace: "bank", labels: { app: "web" } },
  ],
  containers: [
    { id: "web-main", podId: "web", name: "main", images: ["", "nginx:1.27"] },
    { id: "web-side", podId: "web", name: "side", images: ["quay.io/org/proxy@sha256:ab"] },
    { id: "db-main", podId: "db", name: "main", images: [`sha256:${"a".repeat(64)}`, "docker.io/library/postgres:17"] },
    { id: "other-main", podId: "other", name: "main", images: ["nginx"] },
    { id: "stray", podId: "of a pod that is gone", name: "main", images: ["nginx"] },
  ],
};
const groups: Groups = {
  containers: new Map([
    ["web", [1n]],
    ["web-main", [2n, 3n]],
    ["web-side", [4n]],
    ["db", [5n]],
    ["db-main", [6n]],
    ["other-main", [7n]],
    ["stray", [8n]],
  ]),
  host: [100n, 101n],
  isCut: false,
};
const node = { "kubernetes.io/hostname": "n1" };
const found = (namespace: string, said: object | ""): number[] =>
  [...groupsOf({ namespace, selector: said === "" ? "" : JSON.stringify(said) }, running, groups, node)]
    .map(Number)
    .toSorted((a, b) => a - b);

describe("a policy is about", () => {
  test.each([
    ["every pod of its namespace", "shop", "", [1, 2, 3, 4, 5, 6]],
    ["pods with its labels", "", { podSelector: selector(says("app", "In", "web")) }, [1, 2, 3, 4, 7]],
    [
      "pods with its labels in its namespace",
      "shop",
      { podSelector: selector(says("app", "In", "web")) },
      [1, 2, 3, 4],
    ],
    ["pods without a label", "shop", { podSelector: selector(says("tier", "DoesNotExist")) }, [5, 6]],
    ["every pod, when its selector says nothing", "", { podSelector: selector() }, [1, 2, 3, 4, 5, 6, 7]],
    [
      "containers by name, and not the pods themselves",
      "shop",
      { containerSelector: selector(says("name", "In", "main")) },
      [2, 3, 6],
    ],
    ["containers by image", "", { containerSelector: selector(says("repo", "In", "nginx")) }, [2, 3, 7]],
    [
      "containers by their image's whole name",
      "",
      { containerSelector: selector(says("repo", "In", "docker.io/library/nginx:1")) },
      [2, 3, 7],
    ],
    [
      "containers that are not of an image",
      "shop",
      { containerSelector: selector(says("repo", "NotIn", "library/nginx")) },
      [4, 6],
    ],
    [
      "containers of pods",
      "",
      { podSelector: selector(says("tier", "Exists")), containerSelector: selector(says("name", "In", "side")) },
      [4],
    ],
    ["the host and pods", "", { podSelector: selector(says("app", "In", "db")), hostSelector: {} }, [5, 6, 100, 101]],
    [
      "the host of some nodes",
      "",
      { nodeSelector: selector(says("kubernetes.io/hostname", "In", "n1")), hostSelector: {} },
      [100, 101],
    ],
    [
      "nobody on other nodes",
      "",
      { podSelector: selector(), nodeSelector: selector(says("kubernetes.io/hostname", "In", "n2")) },
      [],
    ],
    ["nobody, when no pod fits", "", { podSelector: selector(says("app", "In", "nothing")) }, []],
    ["nobody by what every object has", "", { podSelector: selector(says("toString", "Exists")) }, []],
  ] as const)("%s", (_, namespace, said, wanted) => expect(found(namespace, said)).toEqual([...wanted]));

  test("nothing that can be told, when its selector is none", () => {
    for (const text of ["{", "[]", "1", '{"podSelector":{}}', '{"podSelector":{"matchExpressions":[{"key":1}]}}'])
      expect(() => groupsOf({ namespace: "", selector: text }, running, groups, node)).toThrow();
  });
});

const word = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
const random = fc
  .array(
    fc.record({ namespace: word, labels: fc.dictionary(word, word), containers: fc.array(word, { maxLength: 3 }) }),
    { maxLength: 6 },
  )
  .map((pods): { running: Running; groups: Groups } => {
    const containers = pods.flatMap((pod, i) =>
      pod.containers.map((name, k) => ({ id: `c${i}-${k}`, podId: `p${i}`, name, images: [] })),
    );
    return {
      running: { pods: pods.map(({ namespace, labels }, i) => ({ id: `p${i}`, namespace, labels })), containers },
      groups: { containers: new Map(containers.map(({ id }, n) => [id, [BigInt(n)]])), host: [], isCut: false },
    };
  });
const expression = fc.record({
  key: word,
  operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
  values: fc.array(word, { maxLength: 3 }),
});
const opposite = { In: "NotIn", NotIn: "In", Exists: "DoesNotExist", DoesNotExist: "Exists" } as const;

test("what an expression selects and what its opposite selects is everybody once; more expressions select no more", () => {
  fc.assert(
    fc.property(random, expression, expression, word, fc.boolean(), (here, one, more, namespace, ofContainers) => {
      const find = (...list: (typeof one)[]): ReadonlySet<bigint> => {
        const said = { [ofContainers ? "containerSelector" : "podSelector"]: { matchExpressions: list } };
        return groupsOf({ namespace, selector: JSON.stringify(said) }, here.running, here.groups, node);
      };
      const all = find();
      const [is, isNot, both] = [find(one), find({ ...one, operator: opposite[one.operator] }), find(one, more)];
      expect(is.union(isNot)).toEqual(new Set(all));
      expect(is.intersection(isNot).size).toBe(0);
      expect(both.isSubsetOf(is)).toBe(true);
      const inside = here.running.containers.filter(
        ({ podId }) => here.running.pods.find(({ id }) => id === podId)!.namespace === namespace,
      );
      expect(all.size).toBe(inside.length);
    }),
  );
});

test.each([
  ["nginx", "docker.io/library/nginx"],
  ["nginx:1.27@sha256:abc", "docker.io/library/nginx"],
  ["org/app", "docker.io/org/app"],
  ["docker.io/nginx", "docker.io/library/nginx"],
  ["index.docker.io/org/app:1", "docker.io/org/app"],
  ["registry:5000/app", "registry:5000/app"],
  ["registry:5000/app:2", "registry:5000/app"],
  ["localhost/app", "localhost/app"],
  ["ghcr.io/a/b/c@sha256:abc", "ghcr.io/a/b/c"],
  ["", undefined],
  [`sha256:${"0f".repeat(32)}`, undefined],
])("the repository of %p is %p", (image, repository) => expect(repositoryOf(image)).toBe(repository));
