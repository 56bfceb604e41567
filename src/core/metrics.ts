export type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: Map<string, number>;
}

const ODD = /[\\"\n]/;

function escaped(value: string): string {
  return ODD.test(value) ? value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n") : value;
}

function labelText(labels: Labels): string {
  let text = "";
  for (const name of Object.keys(labels)) text += `${text && ","}${name}="${escaped(labels[name]!)}"`;
  return text && `{${text}}`;
}

/** A registry of counters, gauges and histograms, printed as Prometheus text (exposition format 0.0.4). */
export class Metrics {
  readonly #series = new Map<string, Series>();
  readonly #collectors: (() => void)[] = [];

  #get(name: string, help: string, type: Series["type"]): Series {
    let series = this.#series.get(name);
    if (!series) this.#series.set(name, (series = { help, type, values: new Map() }));
    return series;
  }

  /** A counter; call the result to add (1 by default). Names end in `_total`. */
  counter(name: string, help: string): (by?: number, labels?: Labels) => void {
    const { values } = this.#get(name, help, "counter");
    return (by = 1, labels = {}) => {
      const key = labelText(labels);
      values.set(key, (values.get(key) ?? 0) + by);
    };
  }

  /** A gauge; call the result to set it. */
  gauge(name: string, help: string): (value: number, labels?: Labels) => void {
    const { values } = this.#get(name, help, "gauge");
    return (value, labels = {}) => void values.set(labelText(labels), value);
  }

  /** A histogram over the given upper bounds, in the unit of its name. */
  histogram(name: string, help: string, bounds: readonly number[]): (value: number) => void {
    const { values } = this.#get(name, help, "histogram");
    const add = (key: string, by: number): void => void values.set(key, (values.get(key) ?? 0) + by);
    return (value) => {
      for (const bound of bounds) add(`_bucket{le="${bound}"}`, value <= bound ? 1 : 0);
      add('_bucket{le="+Inf"}', 1);
      add("_sum", value);
      add("_count", 1);
    };
  }

  /** Runs before each render, to set gauges from live state. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Value of one series, 0 when it was never touched. */
  value(name: string, labels: Labels = {}): number {
    return this.#series.get(name)?.values.get(labelText(labels)) ?? 0;
  }

  render(): string {
    for (const collect of this.#collectors) collect();
    let out = "";
    for (const [name, { help, type, values }] of this.#series) {
      out += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      for (const [key, value] of values) out += `${name}${key} ${value}\n`;
    }
    return out;
  }
}
