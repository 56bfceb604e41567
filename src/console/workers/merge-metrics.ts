interface Family {
  readonly head: string[];
  readonly samples: string[];
}

/** Joins the Prometheus texts of several processes into one; each sample says with `worker="…"` whose it is. */
export function mergeMetrics(texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>();
  for (const [worker, text] of texts) {
    let family: Family | undefined;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("# HELP ")) {
        const name = line.split(" ", 3)[2] ?? "";
        const known = families.get(name);
        family = known ?? { head: [line], samples: [] };
        if (!known) families.set(name, family);
      } else if (line.startsWith("#")) {
        if (family && family.head.length < 2) family.head.push(line);
      } else family?.samples.push(labelled(line, worker));
    }
  }
  let out = "";
  for (const { head, samples } of families.values()) out += `${[...head, ...samples].join("\n")}\n`;
  return out;
}

function labelled(sample: string, worker: string): string {
  const label = `worker="${worker}"`;
  const brace = sample.indexOf("{");
  if (brace >= 0) return `${sample.slice(0, brace + 1)}${label},${sample.slice(brace + 1)}`;
  const space = sample.indexOf(" ");
  return `${sample.slice(0, space)}{${label}}${sample.slice(space)}`;
}
