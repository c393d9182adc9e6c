// Names that specs use and no schema knows: secrets, labels of nodes, models of GPUs.
import { SpecDocument } from "./spec-document";

export interface UsedNames {
  /** As after `$S:`. */
  secrets: Set<string>;
  /** The values of each label of nodes. */
  labels: Map<string, Set<string>>;
  gpuModels: Set<string>;
}

/** The names in some specs. Whatever a text is, nothing is thrown. */
export function usedNames(specs: Iterable<SpecDocument>): UsedNames {
  const used: UsedNames = { secrets: new Set(), labels: new Map(), gpuModels: new Set() };
  for (const spec of specs) {
    for (const { map } of spec.services) {
      for (const { value } of spec.fields(spec.child(map, "env"))) {
        const secret = /^\$S:(\S+)$/.exec(spec.scalar(value) ?? "")?.[1];
        if (secret !== undefined) {
          used.secrets.add(secret);
        }
      }
      const model = spec.scalar(spec.at(map, "resources", "gpu", "model"));
      if (model !== undefined && model !== "") {
        used.gpuModels.add(model);
      }
      for (const kind of ["labels", "prefer_labels"]) {
        for (const { name, value } of spec.fields(spec.at(map, "node_selector", kind))) {
          addLabel(used.labels, name, spec.scalar(value) ?? "");
        }
      }
    }
  }
  return used;
}

/** {@link usedNames} of files. */
export function usedNamesOf(texts: Iterable<string>): UsedNames {
  return usedNames([...texts].map((text) => new SpecDocument("", 0, text)));
}

export function addLabel(labels: Map<string, Set<string>>, name: string, value: string): void {
  const values = labels.get(name) ?? new Set<string>();
  if (value !== "") {
    values.add(value);
  }
  labels.set(name, values);
}
