import { Type } from "typebox";
import { compile } from "../../core/check.ts";
import { selects, type Labels } from "../policy/node-selector.ts";
import type { Groups } from "./cgroups.ts";
import type { Container, Pod, Running } from "./runtime.ts";

/** A selector of workloads of a policy that the engine has loaded, in the texts it writes. */
export interface Wish {
  /** Empty: all of them. */
  readonly namespace: string;
  /** JSON (docs/plan-format.md); empty: every pod. */
  readonly selector: string;
}

const Selector = Type.Object({
  matchExpressions: Type.Array(
    Type.Object({
      key: Type.String(),
      operator: Type.Enum(["In", "NotIn", "Exists", "DoesNotExist"]),
      values: Type.Array(Type.String()),
    }),
  ),
});
const scope = compile(
  Type.Object({
    podSelector: Type.Optional(Selector),
    containerSelector: Type.Optional(Selector),
    nodeSelector: Type.Optional(Selector),
    hostSelector: Type.Optional(Type.Object({})),
  }),
);

/** The whole name of a repository: without tag and digest, and with what is left out of names of the public registry. */
export function repositoryOf(image: string): string | undefined {
  if (image === "" || /^[a-z0-9]+:[0-9a-f]{64}$/.test(image)) return undefined;
  const [name] = image.split("@");
  const path = name!.replace(/:[^:/]*$/, "");
  const [host, ...rest] = path.split("/");
  if (rest.length === 0) return `docker.io/library/${path}`;
  if (host === "docker.io" || host === "index.docker.io")
    return `docker.io/${rest.length === 1 ? "library/" : ""}${rest.join("/")}`;
  return /[.:]/.test(host!) || host === "localhost" ? path : `docker.io/${path}`;
}

type Selected = NonNullable<ReturnType<typeof scope.parse>["containerSelector"]>;

/** A selector of containers whose repositories have their whole names. */
function withWholeNames({ matchExpressions }: Selected): Selected {
  const whole = matchExpressions.map((one) =>
    one.key === "repo" ? { ...one, values: one.values.map((value) => repositoryOf(value) ?? value) } : one,
  );
  return { matchExpressions: whole };
}

function labelsOf({ name, images }: Container): Labels {
  const repo = images.map(repositoryOf).find((found) => found !== undefined);
  return repo === undefined ? { name } : { name, repo };
}

/**
 * The control groups of what a policy is about: those of containers in the pods it selects (and of the pods themselves, when it
 * selects no containers), and those outside containers when it names the host too. Throws when the selector is none.
 */
export function groupsOf(wish: Wish, running: Running, groups: Groups, node: Labels): ReadonlySet<bigint> {
  const said = wish.selector === "" ? {} : scope.parse(JSON.parse(wish.selector));
  const { podSelector, nodeSelector, hostSelector } = said;
  const found = new Set<bigint>();
  if (nodeSelector && !selects(nodeSelector, node)) return found;
  const add = (id: string): void => groups.containers.get(id)?.forEach((group) => found.add(group));
  const isMeant = ({ namespace, labels }: Pod): boolean =>
    (wish.namespace === "" || namespace === wish.namespace) && (!podSelector || selects(podSelector, labels));
  const pods = new Set(running.pods.filter(isMeant).map(({ id }) => id));
  const inside = said.containerSelector && withWholeNames(said.containerSelector);
  // The host alone, on some nodes: nothing is said of pods.
  const isOfPods = podSelector !== undefined || inside !== undefined || hostSelector === undefined;
  for (const container of isOfPods ? running.containers : [])
    if (pods.has(container.podId) && (!inside || selects(inside, labelsOf(container)))) add(container.id);
  if (isOfPods && !inside) pods.forEach(add);
  if (hostSelector) groups.host.forEach((group) => found.add(group));
  return found;
}
