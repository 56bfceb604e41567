import type { Labels } from "../policy/node-selector.ts";
import { fieldsOf, textOf, type Field } from "./protobuf.ts";

/** A pod that runs here. */
export interface Pod {
  /** Of its sandbox. */
  readonly id: string;
  readonly namespace: string;
  readonly labels: Labels;
}

/** A container that runs here, of a pod. */
export interface Container {
  readonly id: string;
  readonly podId: string;
  readonly name: string;
  /** Names of its image, the one its pod asked for first. */
  readonly images: readonly string[];
}

/** What a container runtime says runs on this node. */
export interface Running {
  readonly pods: readonly Pod[];
  readonly containers: readonly Container[];
}

/*
 * Requests for what runs and nothing else: a list message holds a filter (1), that one a state (2), and that one its number
 * (1). Ready is 0, which is not written.
 */
export const LIST_PODS = Uint8Array.of(0x0a, 2, 0x12, 0);
export const LIST_CONTAINERS = Uint8Array.of(0x0a, 4, 0x12, 2, 0x08, 1);

const POD = { id: 1, metadata: 2, state: 3, labels: 5 } as const;
const POD_METADATA = { namespace: 3 } as const;
const POD_READY = 0n;
const CONTAINER = { id: 1, pod: 2, metadata: 3, image: 4, imageRef: 5, state: 6 } as const;
const CONTAINER_METADATA = { name: 1 } as const;
const CONTAINER_RUNNING = 1n;
const IMAGE = { image: 1, asked: 18 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** A message's fields by number: of one that comes twice the last counts. */
class Message {
  readonly #fields: ReadonlyMap<number, Field>;

  constructor(bytes: Uint8Array, maxFields = 1_024) {
    this.#fields = new Map([...fieldsOf(bytes, maxFields)].map((field) => [field.number, field]));
  }

  text(number: number): string {
    const field = this.#fields.get(number);
    return field?.is === "bytes" ? textOf(field.bytes) : "";
  }

  number(number: number): bigint {
    const field = this.#fields.get(number);
    return field?.is === "varint" ? field.value : 0n;
  }

  message(number: number): Message {
    const field = this.#fields.get(number);
    return new Message(field?.is === "bytes" ? field.bytes : new Uint8Array());
  }
}

/** Messages that are repeated under a number. */
function* listOf(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fieldsOf(bytes)) if (field.number === number && field.is === "bytes") yield field.bytes;
}

/** Labels come from whoever made the pod: no key of theirs is a member of something else. */
function labelsOf(bytes: Uint8Array): Labels {
  const labels = Object.create(null) as Record<string, string>;
  for (const entry of listOf(bytes, POD.labels)) {
    const pair = new Message(entry);
    labels[pair.text(ENTRY.key)] = pair.text(ENTRY.value);
  }
  return labels;
}

/** Pods that are ready, of a list of sandboxes. Throws a ProtobufError when it is none. */
export function readPods(bytes: Uint8Array): Pod[] {
  const pods: Pod[] = [];
  for (const item of listOf(bytes, 1)) {
    const pod = new Message(item, 65_536);
    if (pod.number(POD.state) !== POD_READY) continue;
    const { namespace } = POD_METADATA;
    pods.push({ id: pod.text(POD.id), namespace: pod.message(POD.metadata).text(namespace), labels: labelsOf(item) });
  }
  return pods;
}

/** Containers that run, of a list of containers. Throws a ProtobufError when it is none. */
export function readContainers(bytes: Uint8Array): Container[] {
  const containers: Container[] = [];
  for (const item of listOf(bytes, 1)) {
    const container = new Message(item, 65_536);
    if (container.number(CONTAINER.state) !== CONTAINER_RUNNING) continue;
    const image = container.message(CONTAINER.image);
    containers.push({
      id: container.text(CONTAINER.id),
      podId: container.text(CONTAINER.pod),
      name: container.message(CONTAINER.metadata).text(CONTAINER_METADATA.name),
      images: [image.text(IMAGE.asked), image.text(IMAGE.image), container.text(CONTAINER.imageRef)],
    });
  }
  return containers;
}
