/** Features that a node can have and a job can ask for; bit numbers of `Capacity.labels` (contracts/README.md). */
export const LABELS = [
  { bit: 0, name: "static-address", title: "Static public address" },
  { bit: 1, name: "ipv6", title: "IPv6" },
  { bit: 2, name: "volumes", title: "Persistent volumes" },
  { bit: 3, name: "encrypted-memory", title: "Encrypted memory" },
  { bit: 4, name: "renewable-energy", title: "Renewable energy" },
] as const;

export type LabelName = (typeof LABELS)[number]["name"];
